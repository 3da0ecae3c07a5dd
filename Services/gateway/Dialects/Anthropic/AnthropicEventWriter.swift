import Contracts
import InferenceModel
import JSON

/// Writes a streamed answer in Anthropic's protocol (contract providers §4.7); one per stream.
///
/// ```
/// message_start, ping ── block start ── deltas ── block stop ──┬── message_delta ── message_stop
///                              └──────────── next block ───────┘
/// ```
/// One block is open at a time. What comes for another one while a call is open waits until that call is complete: calls of other vendors interleave, Anthropic's
/// cannot. Bound: 16 MiB wait; then the caller gets an error, and nothing more.
struct AnthropicEventWriter: EventWriter {
    private enum Kind: Equatable {
        case text
        case thinking
        case call(Int)
    }

    /// A block that waits for its turn.
    private struct Waiting {
        let kind: Kind
        var start: AnthropicBlock
        var text = ""
        var isEnded = false
    }

    private let context: UpstreamContext
    private let maxWaiting: Int
    private var isStarted = false
    private var isOver = false
    private var open: Kind?
    private var index = 0
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    private var finish: FinishReason?
    private var stopSequence: String?
    private var hasCalls = false
    private var hasRefusal = false
    private var usage: TokenUsage?

    init(_ context: UpstreamContext, maxWaiting: Int = 16 * 1024 * 1024) {
        self.context = context
        self.maxWaiting = maxWaiting
    }

    /// A ping; before the beginning a comment, since clients want `message_start` first.
    var keepAlive: [UInt8] { isStarted ? AnthropicFrames.ping : StreamComment.bytes }

    mutating func write(_ event: InferenceEvent, into out: inout [UInt8]) {
        guard !isOver else { return }
        switch event {
        case .started(let id, _, _): start(id, into: &out)
        case .text(let choice, let text) where choice == 0: add(.text, .text, text, into: &out)
        case .refusal(let choice, let text) where choice == 0:
            hasRefusal = true
            add(.text, .text, text, into: &out)
        case .thinking(let choice, let text) where choice == 0: add(.thinking, .thinking, text, into: &out)
        case .thinkingSignature(let choice, let signature) where choice == 0: sign(signature, into: &out)
        case .redactedThinking(let choice, let data) where choice == 0:
            whole(.thinking, .redacted(data), into: &out)
        case .toolCallStarted(let choice, let call, let id, let name, let signature) where choice == 0:
            hasCalls = true
            let block = AnthropicBlock.call(id: AnthropicText.id(id), name: name, signature: signature)
            if isCallOpen { wait(.call(call), block, "", into: &out) } else { begin(.call(call), block, into: &out) }
        case .toolArguments(let choice, let call, let text) where choice == 0: arguments(call, text, into: &out)
        case .toolCallEnded(let choice, let call) where choice == 0: end(call, into: &out)
        case .finished(let choice, let reason, let sequence) where choice == 0:
            finish = reason
            stopSequence = sequence
        case .usage(let counts): usage = counts
        case .ended: end(into: &out)
        default: break
        }
    }

    mutating func write(_ error: WireError, into out: inout [UInt8]) {
        guard !isOver else { return }
        isOver = true
        waiting = []
        AnthropicFrames.event("error", AnthropicErrors.body(error), into: &out)
    }

    // MARK: Beginning and end

    private mutating func start(_ id: String, into out: inout [UInt8]) {
        guard !isStarted else { return }
        isStarted = true
        var json = JSONWriter(reserving: 320)
        json.object { root in
            root.field("type", "message_start")
            root.key("message")
            root.object { message in
                message.field("id", AnthropicAnswerWriter.id(id, context))
                message.field("type", "message")
                message.field("role", "assistant")
                message.field("model", context.requestedModel)
                message.field("content", raw: [UInt8(ascii: "["), UInt8(ascii: "]")])
                message.key("stop_reason")
                message.null()
                message.key("stop_sequence")
                message.null()
                message.key("usage")
                AnthropicUsage.write(usage, &message)
            }
        }
        AnthropicFrames.event("message_start", json.bytes, into: &out)
        out += AnthropicFrames.ping
    }

    private mutating func end(into out: inout [UInt8]) {
        start("", into: &out)
        stop(into: &out)
        for place in waiting.indices { waiting[place].isEnded = true }
        drain(into: &out)
        stop(into: &out)
        if index == 0 {
            begin(.text, .text, into: &out)
            stop(into: &out)
        }
        let reason = AnthropicAnswerWriter.stopReason(finish ?? .stop, hasCalls: hasCalls, hasRefusal: hasRefusal)
        var json = JSONWriter(reserving: 256)
        json.object { root in
            root.field("type", "message_delta")
            root.key("delta")
            root.object { delta in
                delta.field("stop_reason", reason)
                delta.key("stop_sequence")
                if reason == "stop_sequence", let stopSequence { delta.string(stopSequence) } else { delta.null() }
            }
            root.key("usage")
            AnthropicUsage.write(usage, &root)
        }
        AnthropicFrames.event("message_delta", json.bytes, into: &out)
        out += AnthropicFrames.stop
        isOver = true
    }

    // MARK: Blocks

    private var isCallOpen: Bool {
        if case .call? = open { true } else { false }
    }

    /// Text of a block that is open, that begins now, or that waits.
    private mutating func add(_ kind: Kind, _ block: AnthropicBlock, _ text: String, into out: inout [UInt8]) {
        guard !text.isEmpty else { return }
        if isCallOpen { return wait(kind, block, text, into: &out) }
        if open != kind { begin(kind, block, into: &out) }
        delta(kind, text, into: &out)
    }

    private mutating func sign(_ signature: String, into out: inout [UInt8]) {
        if isCallOpen { return wait(.thinking, .signature(signature), "", into: &out) }
        if open != .thinking { begin(.thinking, .thinking, into: &out) }
        write(signature: signature, into: &out)
        stop(into: &out)
    }

    /// A block that is complete at once.
    private mutating func whole(_ kind: Kind, _ block: AnthropicBlock, into out: inout [UInt8]) {
        if isCallOpen { return wait(kind, block, "", into: &out) }
        begin(kind, block, into: &out)
        stop(into: &out)
    }

    private mutating func arguments(_ call: Int, _ text: String, into out: inout [UInt8]) {
        guard !text.isEmpty else { return }
        if open == .call(call) { return delta(.call(call), text, into: &out) }
        guard let place = waiting.firstIndex(where: { $0.kind == .call(call) }) else { return }
        waiting[place].text += text
        hold(text.utf8.count, into: &out)
    }

    private mutating func end(_ call: Int, into out: inout [UInt8]) {
        if open == .call(call) {
            stop(into: &out)
            drain(into: &out)
        } else if let place = waiting.firstIndex(where: { $0.kind == .call(call) }) {
            waiting[place].isEnded = true
        }
    }

    // MARK: What waits

    private mutating func wait(_ kind: Kind, _ block: AnthropicBlock, _ text: String, into out: inout [UInt8]) {
        if let last = waiting.indices.last, waiting[last].kind == kind, waiting[last].start == block {
            waiting[last].text += text
        } else {
            waiting.append(Waiting(kind: kind, start: block, text: text))
        }
        hold(text.utf8.count + MemoryLayout<Waiting>.stride, into: &out)
    }

    private mutating func hold(_ count: Int, into out: inout [UInt8]) {
        waitingBytes += count
        guard waitingBytes > maxWaiting else { return }
        write(
            WireError(
                status: 502, message: "the upstream's calls of tools interleave over more than \(maxWaiting) bytes",
                code: UpstreamError.badResponse, requestID: ""), into: &out)
    }

    /// Writes what waits, up to a call that is not complete: that one is open then.
    private mutating func drain(into out: inout [UInt8]) {
        var told = 0
        while told < waiting.count, !isCallOpen {
            let block = waiting[told]
            told += 1
            switch block.start {
            case .signature(let signature): sign(signature, into: &out)
            case .redacted: whole(block.kind, block.start, into: &out)
            default:
                if open != block.kind { begin(block.kind, block.start, into: &out) }
                if !block.text.isEmpty { delta(block.kind, block.text, into: &out) }
                if case .call = block.kind, block.isEnded { stop(into: &out) }
            }
        }
        waiting.removeFirst(told)
        if waiting.isEmpty { waitingBytes = 0 }
    }

    // MARK: Events

    private mutating func begin(_ kind: Kind, _ block: AnthropicBlock, into out: inout [UInt8]) {
        stop(into: &out)
        open = kind
        var json = JSONWriter(reserving: 160)
        json.object { root in
            root.field("type", "content_block_start")
            root.field("index", index)
            root.key("content_block")
            block.write(&root)
        }
        AnthropicFrames.event("content_block_start", json.bytes, into: &out)
    }

    private func delta(_ kind: Kind, _ text: String, into out: inout [UInt8]) {
        switch kind {
        case .text: AnthropicFrames.delta(index, "text_delta", "text", text, into: &out)
        case .thinking: AnthropicFrames.delta(index, "thinking_delta", "thinking", text, into: &out)
        case .call: AnthropicFrames.delta(index, "input_json_delta", "partial_json", text, into: &out)
        }
    }

    private func write(signature: String, into out: inout [UInt8]) {
        AnthropicFrames.delta(index, "signature_delta", "signature", signature, into: &out)
    }

    private mutating func stop(into out: inout [UInt8]) {
        guard open != nil else { return }
        open = nil
        AnthropicFrames.blockStop(index, into: &out)
        index += 1
    }
}
