import Contracts
package import InferenceModel
import JSON

/// Writes a stream as `chat.completion.chunk` events (contract providers §3.4, §4.5, §5.6): one id and time, the role in the first delta of a choice, `[DONE]` once.
///
/// Counts go into a chunk of their own for a caller that asked for them, into the last chunk with a finish reason for one that said nothing (which is held
/// back for them), and nowhere for one that declined, as `OpenAIStream` has it.
package struct ChatEventWriter: EventWriter {
    private let context: UpstreamContext
    private let includesUsage: Bool?
    /// All of a chunk before its choices.
    private var head: [UInt8] = []
    /// The choices that have had their role.
    private var begun: Set<Int> = []
    private var counts: TokenUsage?
    /// A chunk with a finish reason that waits for the counts, without its closing brace.
    private var held: [UInt8] = []
    private var isOver = false
    /// The choice whose thought was told last, while nothing followed it.
    private var thoughtful: Int?
    /// Log probabilities of the next text of a choice.
    private var logprobs: (choice: Int, text: [UInt8])?
    private let customTools: Set<String>
    /// Calls of tools that take text, which cannot be told out of JSON before they are whole.
    private var customCalls: [(choice: Int, index: Int, call: ToolCall)] = []

    /// No call of such a tool is longer, in bytes; what is beyond is left out.
    private static let maxCustomInput = 16 * 1024 * 1024

    /// Makes the writer of one stream.
    ///
    /// - Parameters:
    ///   - includesUsage: What the caller said about `stream_options.include_usage`; `nil` when it said nothing.
    ///   - customTools: The names of the caller's tools that take text.
    package init(_ context: UpstreamContext, includesUsage: Bool?, customTools: Set<String> = []) {
        self.context = context
        self.includesUsage = includesUsage
        self.customTools = customTools
    }

    package mutating func write(_ event: InferenceEvent, into out: inout [UInt8]) {
        switch event {
        case .started(let id, let model, let created):
            start(id: id, model: model, created: created)
            delta(0, into: &out) { $0 += Array(#""content":"""#.utf8) }
        case .text(let choice, let text):
            thoughtful = nil
            delta(choice, logprobs: takeLogprobs(choice), into: &out) { Self.member("content", text, &$0) }
        case .thinking(let choice, let text):
            thoughtful = choice
            delta(choice, into: &out) { Self.member("reasoning_content", text, &$0) }
        case .thinkingSignature(let choice, let text):
            guard thoughtful != choice else {
                return delta(choice, into: &out) { Self.member("signature", text, &$0) }
            }
            // Of what was said, not of a thought (Gemini).
            delta(choice, into: &out) { bytes in
                Self.members(&bytes) { ChatAnswerWriter.write(thoughtSignature: text, to: &$0) }
            }
        case .refusal(let choice, let text):
            delta(choice, into: &out) { Self.member("refusal", text, &$0) }
        case .redactedThinking: break
        case .toolCallStarted(let choice, let index, let id, let name, _) where customTools.contains(name):
            customCalls.append((choice, index, ToolCall(id: id, name: name, arguments: "")))
        case .toolCallStarted(let choice, let index, let id, let name, let signature):
            let call = ToolCall(id: id, name: name, arguments: "", signature: signature)
            delta(choice, into: &out) { bytes in
                var writer = JSONWriter(reserving: 256)
                writer.object { member in
                    member.field("index", index)
                    ChatAnswerWriter.write(call, to: &member)
                }
                bytes += Array(#""tool_calls":["#.utf8)
                bytes += writer.bytes
                bytes.append(UInt8(ascii: "]"))
            }
        case .toolArguments(let choice, let index, let text):
            guard !text.isEmpty, !keep(text, choice, index) else { break }
            delta(choice, into: &out) { bytes in
                bytes += Array(#""tool_calls":[{"index":"#.utf8)
                bytes += String(index).utf8
                bytes += Array(#","function":{"#.utf8)
                Self.member("arguments", text, &bytes)
                bytes += Array("}}]".utf8)
            }
        case .toolCallEnded(let choice, let index): tellCustomCall(choice, index, into: &out)
        case .media(let choice, let media): write(media, choice, into: &out)
        case .logprobs(let choice, let logprobs):
            tellLogprobs(into: &out)
            self.logprobs = (choice, logprobs.serialized())
        case .citations(let choice, let citations):
            delta(choice, into: &out) { bytes in Self.members(&bytes) { ChatAnswerWriter.write(citations, to: &$0) } }
        case .finished(let choice, let reason, _): finish(choice, reason, into: &out)
        case .usage(let counts): self.counts = counts
        case .ended: end(into: &out)
        }
    }

    package mutating func write(_ error: WireError, into out: inout [UInt8]) {
        release(into: &out)
        out += Array("data: ".utf8)
        out += OpenAIErrors.body(error)
        out += Self.blank
        isOver = true
    }

    private static let blank: [UInt8] = [10, 10]

    private mutating func start(id: String, model: String, created: Int) {
        var writer = JSONWriter(reserving: 256)
        writer.object { root in
            root.field("id", id.isEmpty ? "chatcmpl-\(context.nonce)" : id)
            root.field("object", "chat.completion.chunk")
            root.field("created", created == 0 ? context.now : created)
            root.field("model", model)
        }
        head = Array("data: ".utf8) + writer.bytes.dropLast() + Array(#","choices":["#.utf8)
    }

    /// Appends members without the braces of their object.
    private static func members(_ out: inout [UInt8], _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reserving: 256)
        writer.object(write)
        out += writer.bytes.dropFirst().dropLast()
    }

    private static func member(_ name: StaticString, _ text: String, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { unsafe out.append(contentsOf: $0) }
        out.append(UInt8(ascii: "\""))
        out.append(UInt8(ascii: ":"))
        JSONWriter.append(quoted: text, to: &out)
    }

    private mutating func takeLogprobs(_ choice: Int) -> [UInt8]? {
        guard let waiting = logprobs, waiting.choice == choice else { return nil }
        logprobs = nil
        return waiting.text
    }

    /// Tells log probabilities that no text followed.
    private mutating func tellLogprobs(into out: inout [UInt8]) {
        guard let waiting = logprobs else { return }
        logprobs = nil
        delta(waiting.choice, logprobs: waiting.text, into: &out) { _ in }
    }

    /// Keeps arguments of a call that is told when it is whole; false for other calls.
    private mutating func keep(_ arguments: String, _ choice: Int, _ index: Int) -> Bool {
        guard let place = customCalls.firstIndex(where: { $0.choice == choice && $0.index == index }) else {
            return false
        }
        if customCalls[place].call.arguments.utf8.count + arguments.utf8.count <= Self.maxCustomInput {
            customCalls[place].call.arguments += arguments
        }
        return true
    }

    private mutating func tellCustomCall(_ choice: Int, _ index: Int, into out: inout [UInt8]) {
        guard let place = customCalls.firstIndex(where: { $0.choice == choice && $0.index == index }) else { return }
        let call = customCalls.remove(at: place).call
        delta(choice, into: &out) { bytes in
            var writer = JSONWriter(reserving: 256)
            writer.object { member in
                member.field("index", index)
                ChatAnswerWriter.write(custom: call, to: &member)
            }
            bytes += Array(#""tool_calls":["#.utf8)
            bytes += writer.bytes
            bytes.append(UInt8(ascii: "]"))
        }
    }

    /// Appends a chunk with one choice.
    private mutating func delta(
        _ choice: Int, logprobs: [UInt8]? = nil, into out: inout [UInt8], _ body: (inout [UInt8]) -> Void
    ) {
        release(into: &out)
        out += head
        open(choice, into: &out, body)
        if let logprobs {
            out += Array(#"},"logprobs":"#.utf8)
            out += logprobs
            out += Array(#","finish_reason":null}]}"#.utf8)
        } else {
            out += Self.unfinished
        }
        out += Self.blank
    }

    private static let unfinished = Array(#"},"logprobs":null,"finish_reason":null}]}"#.utf8)

    /// Appends a choice up to the end of its delta's members.
    private mutating func open(_ choice: Int, into out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        out += Self.index
        out += String(choice).utf8
        out += Self.deltaStart
        let isFirst = begun.isEmpty || !begun.contains(choice)
        if isFirst {
            begun.insert(choice)
            out += Self.role
        }
        let start = out.count
        body(&out)
        if isFirst, out.count == start { out.removeLast() }
    }

    private static let index = Array(#"{"index":"#.utf8)
    private static let deltaStart = Array(#","delta":{"#.utf8)
    private static let role = Array(#""role":"assistant","#.utf8)

    private mutating func write(_ media: Media, _ choice: Int, into out: inout [UInt8]) {
        let id = "audio_\(context.nonce)"
        delta(choice, into: &out) { bytes in
            var writer = JSONWriter(reserving: 256)
            if media.kind == .audio, case .base64(let data) = media.source {
                writer.object {
                    $0.field("id", id)
                    $0.field("data", data)
                }
                bytes += Array(#""audio":"#.utf8)
            } else {
                writer.array { ChatMedia.write(media, to: &$0) }
                bytes += Array(#""content":"#.utf8)
            }
            bytes += writer.bytes
        }
    }

    /// Holds the chunk with a finish reason back until what follows is known.
    private mutating func finish(_ choice: Int, _ reason: FinishReason, into out: inout [UInt8]) {
        tellLogprobs(into: &out)
        release(into: &out)
        held += head
        var chunk: [UInt8] = []
        open(choice, into: &chunk) { _ in }
        held += chunk
        held += Array(#"},"logprobs":null,"finish_reason":""#.utf8)
        held += ChatWords.finish(reason).utf8
        held += Array(#""}]"#.utf8)
    }

    private mutating func release(joining usage: TokenUsage? = nil, into out: inout [UInt8]) {
        guard !held.isEmpty else { return }
        out += held
        held.removeAll(keepingCapacity: true)
        if let usage {
            out += Array(#","usage":"#.utf8)
            out += ChatWords.usage(usage)
        }
        out.append(UInt8(ascii: "}"))
        out += Self.blank
    }

    private mutating func end(into out: inout [UInt8]) {
        guard !isOver else { return }
        isOver = true
        release(joining: includesUsage == nil ? counts : nil, into: &out)
        if includesUsage == true, let counts {
            out += head
            out += Array(#"],"usage":"#.utf8)
            out += ChatWords.usage(counts)
            out.append(UInt8(ascii: "}"))
            out += Self.blank
        }
        out += Array("data: [DONE]\n\n".utf8)
    }
}
