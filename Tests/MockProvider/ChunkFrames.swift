/// The SSE events of one stream of OpenAI's, by position.
struct ChunkFrames {
    private enum Piece {
        case text([UInt8])
        case reasoning(String)
        case raw(String)
    }

    static let error =
        Array(#"data: {"error":{"message":"mock error in stream","type":"mock_error","code":"mock_in_stream"}}"#.utf8)
        + [10, 10]

    private let asked: Asked
    private let prefix: [UInt8]
    private let suffix: String
    private let pieces: [Piece]
    private let calls: [String]
    /// Events before the finish reason.
    let count: Int

    init(_ asked: Asked) {
        self.asked = asked
        let isChat = asked.operation == .chat
        var prefix: [UInt8] = []
        if asked.behaviour.kind == .crlf { prefix.append(": a comment\r\nevent: message\r\nid: 7\r\n") }
        prefix.append(
            isChat
                ? #"data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1700000000,"model":"#
                : #"data: {"id":"cmpl-mock","object":"text_completion","created":1700000000,"model":"#)
        prefix.appendJSON(asked.model.utf8)
        prefix.append(#","choices":["#)
        self.prefix = prefix
        suffix = (asked.wantsUsage ? #"],"usage":null}"# : "]}") + (asked.behaviour.kind == .crlf ? "\r\n\r\n" : "\n\n")
        calls = asked.toolCalls
        var pieces: [Piece] = []
        switch asked.behaviour.kind {
        case .echo, .huge: pieces = [.text(PlainBody.text(asked))]
        case .splitUTF8:
            pieces = [.text(Array("Žluťoučký ".utf8)), .text(Array("模型 ".utf8)), .text(Array("🙂 end".utf8))]
        case .reasoning: pieces = [.reasoning("first "), .reasoning("I think")]
        default: break
        }
        for (place, name) in calls.enumerated() {
            pieces.append(
                .raw(
                    #"{"index":\#(place),"id":"call_\#(place)","type":"function","function":{"name":"\#(name)","arguments":""}}"#
                ))
            for part in [#"{\"ci"#, #"ty\":\"Pa"#, #"ris\"}"#] {
                pieces.append(.raw(#"{"index":\#(place),"function":{"arguments":"\#(part)"}}"#))
            }
        }
        self.pieces = pieces
        let isFixed = !pieces.isEmpty && asked.behaviour.kind != .reasoning
        count = isFixed ? pieces.count : pieces.count + asked.behaviour.chunks
    }

    /// The stream of a request.
    static func steps(_ asked: Asked) -> any Steps {
        let frames = ChunkFrames(asked)
        let ends = frames.ends
        return EventSteps(
            asked.behaviour,
            EventSteps.Events(
                fields: "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n",
                count: frames.count + ends.count, paced: frames.count, error: { _ in error },
                event: { $0 < frames.count ? frames.frame($0) : ends[$0 - frames.count] }))
    }

    /// What comes behind the texts and calls.
    private var ends: [[UInt8]] {
        var ends = asked.behaviour.kind == .noFinish ? [] : [finish()]
        if asked.wantsUsage { ends.append(usage()) }
        if asked.behaviour.kind != .noDone {
            ends.append(Array((asked.behaviour.kind == .crlf ? "data: [DONE]\r\n\r\n" : "data: [DONE]\n\n").utf8))
        }
        return ends
    }

    private func frame(_ position: Int) -> [UInt8] {
        guard position < pieces.count else {
            return event(text: PlainBody.word(position - pieces.count, asked.behaviour))
        }
        switch pieces[position] {
        case .text(let text): return event(text: text)
        case .reasoning(let text):
            return event(delta: #"{"role":"assistant","content":null,"reasoning_content":"\#(text)"}"#)
        case .raw(let call): return event(delta: #"{"role":"assistant","content":null,"tool_calls":[\#(call)]}"#)
        }
    }

    private func finish() -> [UInt8] {
        let reason = asked.finishReason
        guard asked.operation == .chat else {
            return whole(#"{"index":0,"text":"","logprobs":null,"finish_reason":"\#(reason)"}"#)
        }
        return whole(#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"\#(reason)"}"#)
    }

    private func usage() -> [UInt8] {
        var out = prefix
        out.append(
            "],\"usage\":\(PlainBody.usage(completion: count))}" + (asked.behaviour.kind == .crlf ? "\r\n\r\n" : "\n\n")
        )
        return out
    }

    private func event(text: [UInt8]) -> [UInt8] {
        var out = prefix
        out.reserveCapacity(prefix.count + text.count + 120)
        out.append(asked.operation == .chat ? #"{"index":0,"delta":{"content":"# : #"{"index":0,"text":"#)
        out.appendJSON(text)
        out.append(
            asked.operation == .chat
                ? #"},"logprobs":null,"finish_reason":null}"# : #","logprobs":null,"finish_reason":null}"#)
        out.append(suffix)
        return out
    }

    private func event(delta: String) -> [UInt8] {
        whole(#"{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":null}"#)
    }

    private func whole(_ choice: String) -> [UInt8] {
        var out = prefix
        out.append(choice + suffix)
        return out
    }
}
