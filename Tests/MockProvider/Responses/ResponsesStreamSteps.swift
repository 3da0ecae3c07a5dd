import EventLoop

/// A stream of the Responses protocol, made while it is sent.
final class ResponsesStreamSteps: Steps {
    private let asked: ResponsesAsked
    private let events: [[UInt8]]
    private let begin = MonotonicTime.now()
    private var position = -1
    private var hasWaited = false
    private var queue: [Step] = []
    private var isOver = false

    private var kind: Behaviour.Kind { asked.behaviour.kind }

    init(_ asked: ResponsesAsked) {
        self.asked = asked
        events = ResponsesEvents(asked).all
    }

    func next() -> Step {
        while true {
            if let step = queue.popLast() { return step }
            if isOver { return .done }
            queue = following().reversed()
        }
    }

    private func following() -> [Step] {
        guard position >= 0 else {
            position = 0
            let head = Step.write(
                Array(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nx-request-id: req_mock\r\nTransfer-Encoding: chunked\r\n\r\n"
                        .utf8))
            if case .slowHead(let milliseconds) = kind { return [.wait(.milliseconds(milliseconds)), head] }
            return [head]
        }
        guard position < events.count else {
            isOver = true
            return [.write(Array("0\r\n\r\n".utf8))]
        }
        if let step = pace() { return [step] }
        if position == events.count / 2, let fault = fault() { return fault }
        defer { position += 1 }
        return framed(events[position])
    }

    /// The wait before an event, measured from the start so that delays do not add up.
    private func pace() -> Step? {
        guard asked.behaviour.delay > 0, position > 0, !hasWaited else {
            hasWaited = false
            return nil
        }
        hasWaited = true
        let due = begin.advanced(by: .milliseconds(asked.behaviour.delay * position))
        let now = MonotonicTime.now()
        return due > now ? .wait(now.duration(to: due)) : nil
    }

    private func fault() -> [Step]? {
        switch kind {
        case .cutMidStream: return [.cut]
        case .resetMidStream: return [.wait(.milliseconds(50)), .reset]
        case .stallMidStream: return [.stall]
        default: return nil
        }
    }

    private func framed(_ event: [UInt8]) -> [Step] {
        if kind == .splitUTF8 { return event.map { .write(Array("1\r\n".utf8) + [$0, 13, 10]) } }
        var sent = event
        if kind == .crlf {
            sent = Array(": c\r\n\r\nid: 7\r\n".utf8) + event.flatMap { $0 == 10 ? [13, 10] : [$0] }
        }
        return [.write(Array((String(sent.count, radix: 16) + "\r\n").utf8) + sent + [13, 10], isChunk: true)]
    }
}

/// The events of a stream.
private struct ResponsesEvents {
    private(set) var all: [[UInt8]] = []
    private let asked: ResponsesAsked
    private var place = 0
    private var items: [String] = []

    init(_ asked: ResponsesAsked) {
        self.asked = asked
        make()
    }

    private mutating func make() {
        let kind = asked.behaviour.kind
        add("response.created", response(.inProgress))
        add("response.in_progress", response(.inProgress))
        if kind == .errorFirst { return add("response.failed", response(.failed)) }
        if asked.thinks { think() }
        if asked.refuses { refuse() } else if asked.calls.isEmpty || asked.thinks { say() }
        call()
        if kind == .errorInStream {
            let half = all.count / 2
            all.removeSubrange(half...)
            return add("response.failed", response(.failed))
        }
        if kind == .noFinish || kind == .noDone { return }
        add("response.\(asked.status)", response(.ended))
    }

    private mutating func add(_ type: String, _ members: String) {
        var event = Array("event: \(type)\n".utf8)
        event.append(#"data: {"type":"\#(type)","sequence_number":\#(all.count)"#)
        event.append("," + members + "}\n\n")
        all.append(event)
    }

    private func response(_ state: ResponsesAsked.State) -> String {
        #""response":"# + String(decoding: asked.response(state, items: items), as: UTF8.self)
    }

    private func within(_ id: String, _ rest: String) -> String {
        #""item_id":"\#(id)","output_index":\#(place),"# + rest
    }

    private mutating func open(_ item: String) {
        add("response.output_item.added", #""output_index":\#(place),"item":\#(item)"#)
    }

    private mutating func close(_ item: String) {
        add("response.output_item.done", #""output_index":\#(place),"item":\#(item)"#)
        items.append(item)
        place += 1
    }

    private mutating func think() {
        open(#"{"id":"rs_mock","type":"reasoning","summary":[]}"#)
        for (number, text) in ["first", "I think"].enumerated() {
            let index = #""summary_index":\#(number),"#
            add(
                "response.reasoning_summary_part.added",
                within("rs_mock", index + #""part":{"type":"summary_text","text":""}"#))
            add("response.reasoning_summary_text.delta", within("rs_mock", index + #""delta":"\#(text)""#))
            add("response.reasoning_summary_text.done", within("rs_mock", index + #""text":"\#(text)""#))
            add(
                "response.reasoning_summary_part.done",
                within("rs_mock", index + #""part":{"type":"summary_text","text":"\#(text)"}"#))
        }
        close(ResponsesAsked.reasoning)
    }

    private mutating func openMessage() {
        open(#"{"id":"msg_mock","type":"message","status":"in_progress","role":"assistant","content":[]}"#)
        add("response.content_part.added", within("msg_mock", #""content_index":0,"part":\#(asked.part([]))"#))
    }

    private mutating func closeMessage(_ text: [UInt8]) {
        add("response.content_part.done", within("msg_mock", #""content_index":0,"part":\#(asked.part(text))"#))
        let content = asked.part(text)
        close(
            #"{"id":"msg_mock","type":"message","status":"\#(asked.status)","role":"assistant","content":[\#(content)]}"#
        )
    }

    private mutating func say() {
        openMessage()
        var text: [UInt8] = []
        for word in words {
            text += word
            add(
                "response.output_text.delta",
                within("msg_mock", #""content_index":0,"logprobs":[],"delta":\#(json(word))"#))
        }
        add("response.output_text.done", within("msg_mock", #""content_index":0,"logprobs":[],"text":\#(json(text))"#))
        closeMessage(text)
    }

    private var words: [[UInt8]] {
        if !asked.calls.isEmpty { return [asked.answer] }
        switch asked.behaviour.kind {
        case .echo, .huge: return [asked.text]
        case .splitUTF8: return ["Žluťoučký ", "模型 ", "🙂 end"].map { Array($0.utf8) }
        default: return (0..<asked.behaviour.chunks).map { Array("w\($0) ".utf8) }
        }
    }

    private mutating func refuse() {
        openMessage()
        for piece in ["I can", "not."] {
            add("response.refusal.delta", within("msg_mock", #""content_index":0,"delta":"\#(piece)""#))
        }
        add("response.refusal.done", within("msg_mock", #""content_index":0,"refusal":"I cannot.""#))
        closeMessage(asked.answer)
    }

    private mutating func call() {
        for (number, tool) in asked.calls.enumerated() {
            open(asked.call(tool, number, isWhole: false))
            let kind = tool.isCustom ? "custom_tool_call_input" : "function_call_arguments"
            for piece in tool.isCustom ? [ResponsesAsked.input] : [#"{\"ci"#, #"ty\":\"Pa"#, #"ris\"}"#] {
                add("response.\(kind).delta", within("fc_\(number)", #""delta":"\#(piece)""#))
            }
            let whole =
                tool.isCustom ? #""input":"\#(ResponsesAsked.input)""# : #""arguments":"\#(ResponsesAsked.arguments)""#
            add("response.\(kind).done", within("fc_\(number)", whole))
            close(asked.call(tool, number))
        }
    }

    private func json(_ text: [UInt8]) -> String {
        var out: [UInt8] = []
        out.appendJSON(text)
        return String(decoding: out, as: UTF8.self)
    }
}
