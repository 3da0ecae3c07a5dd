/// The events of a stream of Anthropic's protocol; the words are made when they are sent.
struct AnthropicEvents {
    private let asked: AnthropicAsked
    private let before: [[UInt8]]
    private let after: [[UInt8]]
    private let words: Int
    private let textIndex: Int

    /// The stream of a request.
    static func steps(_ asked: AnthropicAsked) -> any Steps {
        let events = AnthropicEvents(asked)
        return EventSteps(
            asked.behaviour,
            EventSteps.Events(
                fields: "Content-Type: text/event-stream; charset=utf-8\r\nrequest-id: req_mock\r\n",
                count: events.before.count + events.words + events.after.count, error: { _ in error },
                event: { events.decorated(events.frame($0)) }))
    }

    private func decorated(_ event: [UInt8]) -> [UInt8] {
        guard asked.behaviour.kind == .crlf else { return event }
        return Array(": c\r\n\r\n".utf8) + event.flatMap { $0 == 10 ? [13, 10] : [$0] }
    }

    private init(_ asked: AnthropicAsked) {
        self.asked = asked
        var index = 0
        var before = [Self.start(asked), Self.event("ping", #"{"type":"ping"}"#)]
        if asked.thinks {
            before += Self.block(
                index, #"{"type":"thinking","thinking":"","signature":""}"#,
                [
                    #"{"type":"thinking_delta","thinking":"first "}"#,
                    #"{"type":"thinking_delta","thinking":"I think"}"#,
                    #"{"type":"signature_delta","signature":"c2lnbmF0dXJl"}"#,
                ])
            index += 1
        }
        textIndex = index
        before.append(Self.blockStart(index, #"{"type":"text","text":""}"#))
        var after: [[UInt8]] = []
        switch asked.behaviour.kind {
        case _ where !asked.calls.isEmpty: before.append(Self.text(index, Array("Let me look.".utf8)))
        case .echo, .huge: before.append(Self.text(index, asked.text))
        case .splitUTF8:
            for part in ["Žluťoučký ", "模型 ", "🙂 end"] { before.append(Self.text(index, Array(part.utf8))) }
        default: break
        }
        let isFixed = before.last.map { !$0.starts(with: Array("event: content_block_start".utf8)) } ?? false
        words = isFixed ? 0 : asked.behaviour.chunks
        after.append(Self.blockStop(index))
        for (place, name) in asked.calls.enumerated() {
            index += 1
            after += Self.block(
                index, #"{"type":"tool_use","id":"toolu_\#(place)","name":"\#(name)","input":{}}"#,
                ["", #"{\"ci"#, #"ty\":\"Pa"#, #"ris\"}"#].map {
                    #"{"type":"input_json_delta","partial_json":"\#($0)"}"#
                })
        }
        let output = isFixed ? PlainBody.completionTokens : words
        let usage = asked.behaviour.kind == .noUsage ? "{}" : #"{"output_tokens":\#(output)}"#
        if asked.behaviour.kind != .noFinish {
            after.append(
                Self.event(
                    "message_delta",
                    #"{"type":"message_delta","delta":{"stop_reason":"\#(asked.stopReason)","stop_sequence":null},"usage":\#(usage)}"#
                ))
        }
        if asked.behaviour.kind != .noDone, asked.behaviour.kind != .noFinish {
            after.append(Self.event("message_stop", #"{"type":"message_stop"}"#))
        }
        self.before = before
        self.after = after
    }

    private func frame(_ position: Int) -> [UInt8] {
        if position < before.count { return before[position] }
        let word = position - before.count
        guard word < words else { return after[word - words] }
        return Self.text(textIndex, PlainBody.word(word, asked.behaviour))
    }

    // MARK: Events

    private static let error = event(
        "error", #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)

    private static func event(_ name: String, _ data: String) -> [UInt8] {
        Array("event: \(name)\ndata: \(data)\n\n".utf8)
    }

    private static func start(_ asked: AnthropicAsked) -> [UInt8] {
        var out = Array("event: message_start\n".utf8)
        out.append(
            #"data: {"type":"message_start","message":{"id":"msg_mock","type":"message","role":"assistant","model":"#)
        out.appendJSON(asked.model.utf8)
        let usage = asked.behaviour.kind == .noUsage ? "{}" : AnthropicAnswer.usage(output: 1)
        out.append(#","content":[],"stop_reason":null,"stop_sequence":null,"usage":\#(usage)}}"# + "\n\n")
        return out
    }

    private static func blockStart(_ index: Int, _ block: String) -> [UInt8] {
        event("content_block_start", #"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#)
    }

    private static func blockStop(_ index: Int) -> [UInt8] {
        event("content_block_stop", #"{"type":"content_block_stop","index":\#(index)}"#)
    }

    private static func block(_ index: Int, _ block: String, _ deltas: [String]) -> [[UInt8]] {
        let more = deltas.map { delta in
            event("content_block_delta", #"{"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"#)
        }
        return [blockStart(index, block)] + more + [blockStop(index)]
    }

    private static func text(_ index: Int, _ text: [UInt8]) -> [UInt8] {
        var out = Array("event: content_block_delta\n".utf8)
        out.append(#"data: {"type":"content_block_delta","index":\#(index),"delta":{"type":"text_delta","text":"#)
        out.appendJSON(text)
        out.append("}}\n\n")
        return out
    }
}
