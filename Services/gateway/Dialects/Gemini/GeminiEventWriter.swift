import Contracts
import InferenceModel
import JSON

/// Writes a stream as `streamGenerateContent` gives it: server-sent events with `alt=sse`, else the elements of one JSON array (contract providers §5.7).
///
/// Texts and thoughts go out as they come. A call goes out whole when it ends. The last event holds why each candidate ended and the counts.
/// Bound: the arguments that wait are at most 16 MiB in all; a stream with more ends with an error.
struct GeminiEventWriter: EventWriter {
    private let isArray: Bool
    private let context: UpstreamContext
    private var answers: GeminiAnswerWriter
    private var id = ""
    private var hasElements = false
    private var isOver = false
    private var calls: [Place: ToolCall] = [:]
    private var waitingBytes = 0
    /// Why candidates ended, in the order of their ends.
    private var finishes: [(choice: Int, reason: FinishReason)] = []
    /// The function whose call could not be written, by candidate.
    private var malformed: [Int: String] = [:]
    private var usage: TokenUsage?
    /// What stands behind the part of an event of the first candidate: the model and the id.
    private var tail: [UInt8] = []

    /// A call of a candidate.
    private struct Place: Hashable {
        let choice: Int
        let index: Int
    }

    private static let maxWaitingBytes = 16 * 1024 * 1024
    private static let lead = Array(#"{"candidates":[{"content":{"parts":["#.utf8)

    /// - Parameter isArray: Whether the caller did not ask for `alt=sse`.
    init(_ context: UpstreamContext, isArray: Bool) {
        self.context = context
        self.isArray = isArray
        answers = GeminiAnswerWriter(context)
        id = context.nonce
        tail = ending(0)
    }

    var contentType: String { isArray ? "application/json; charset=UTF-8" : "text/event-stream; charset=utf-8" }

    /// A blank line: Google's own SDK takes a comment for a broken answer, and between elements of an array it is white space.
    var keepAlive: [UInt8] { [10] }

    mutating func write(_ event: InferenceEvent, into out: inout [UInt8]) {
        guard !isOver else { return }
        switch event {
        case .started(let id, _, _):
            if !id.isEmpty { self.id = id }
            tail = ending(0)
        case .text(let choice, let text), .refusal(let choice, let text):
            if !text.isEmpty { element(choice, &out) { $0.field("text", text) } }
        case .thinking(let choice, let text):
            guard !text.isEmpty else { return }
            element(choice, &out) { json in
                json.field("text", text)
                json.field("thought", true)
            }
        case .thinkingSignature(let choice, let signature):
            element(choice, &out) { json in GeminiAnswerWriter.write(Thinking("", signature: signature), &json) }
        case .media(let choice, let media): element(choice, &out) { GeminiMedia.write(media, &$0) }
        case .redactedThinking, .logprobs, .citations: break
        case .toolCallStarted(let choice, let index, let id, let name, let signature):
            calls[Place(choice: choice, index: index)] = ToolCall(
                id: id, name: name, arguments: "", signature: signature)
        case .toolArguments(let choice, let index, let text):
            waitingBytes += text.utf8.count
            guard waitingBytes <= Self.maxWaitingBytes else { return tooLarge(&out) }
            calls[Place(choice: choice, index: index)]?.arguments += text
        case .toolCallEnded(let choice, let index): writeCall(Place(choice: choice, index: index), &out)
        case .finished(let choice, let reason, _):
            writeCalls(of: choice, &out)
            if !finishes.contains(where: { $0.choice == choice }) { finishes.append((choice, reason)) }
        case .usage(let counts): usage = counts
        case .ended: end(&out)
        }
    }

    mutating func write(_ error: WireError, into out: inout [UInt8]) {
        guard !isOver else { return }
        isOver = true
        open(&out)
        out += GeminiErrors.body(error)
        close(&out)
        if isArray { out += "]".utf8 }
    }

    // MARK: Events

    private mutating func open(_ out: inout [UInt8]) {
        if isArray {
            out += (hasElements ? ",\n" : "[").utf8
        } else {
            out += "data: ".utf8
        }
        hasElements = true
    }

    private func close(_ out: inout [UInt8]) {
        if !isArray { out += [10, 10] }
    }

    private func ending(_ choice: Int) -> [UInt8] {
        var json = JSONWriter(reserving: 128)
        json.object { json in
            json.field("modelVersion", context.requestedModel)
            json.field("responseId", id)
        }
        return Array(#"],"role":"model"},"index":\#(choice)}],"#.utf8) + json.bytes.dropFirst()
    }

    /// One event with one part of one candidate.
    private mutating func element(_ choice: Int, _ out: inout [UInt8], _ part: (inout JSONWriter) -> Void) {
        var json = JSONWriter(reserving: 160)
        json.object(part)
        element(choice, json.bytes, &out)
    }

    private mutating func element(_ choice: Int, _ part: [UInt8], _ out: inout [UInt8]) {
        open(&out)
        out += Self.lead
        out += part
        out += choice == 0 ? tail : ending(choice)
        close(&out)
    }

    /// A call that is complete; once.
    private mutating func writeCall(_ place: Place, _ out: inout [UInt8]) {
        guard let call = calls.removeValue(forKey: place) else { return }
        waitingBytes -= call.arguments.utf8.count
        var json = JSONWriter(reserving: 160 + call.arguments.utf8.count)
        guard answers.write(call, &json) else {
            malformed[place.choice] = call.name
            return
        }
        element(place.choice, json.bytes, &out)
    }

    private mutating func writeCalls(of choice: Int, _ out: inout [UInt8]) {
        guard !calls.isEmpty else { return }
        for place in calls.keys.filter({ $0.choice == choice }).sorted(by: { $0.index < $1.index }) {
            writeCall(place, &out)
        }
    }

    /// The last event.
    private mutating func end(_ out: inout [UInt8]) {
        isOver = true
        open(&out)
        var json = JSONWriter(reserving: 512)
        json.object { json in
            json.key("candidates")
            json.array { json in
                for finish in finishes {
                    json.object { json in
                        json.key("content")
                        json.object { json in
                            json.key("parts")
                            json.array { $0.object { $0.field("text", "") } }
                            json.field("role", "model")
                        }
                        GeminiAnswerWriter.writeFinish(finish.reason, malformed: malformed[finish.choice], &json)
                        json.field("index", finish.choice)
                    }
                }
            }
            if let usage {
                json.key("usageMetadata")
                GeminiUsage.write(usage, &json)
            }
            json.field("modelVersion", context.requestedModel)
            json.field("responseId", id)
        }
        out += json.bytes
        close(&out)
        if isArray { out += "]".utf8 }
    }

    private mutating func tooLarge(_ out: inout [UInt8]) {
        write(
            WireError(
                status: 502,
                message: "the upstream's calls of tools are larger than \(Self.maxWaitingBytes) bytes",
                code: UpstreamError.badResponse, requestID: ""), into: &out)
    }
}
