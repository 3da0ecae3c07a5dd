/// The events of a stream of the Responses protocol.
struct ResponsesEvents {
    private var all: [[UInt8]] = []
    private let asked: ResponsesAsked
    private var place = 0
    private var items: [String] = []

    /// The stream of a request; one that fails at once is accepted before.
    static func steps(_ asked: ResponsesAsked) -> any Steps {
        let events = ResponsesEvents(asked)
        let isDecorated = asked.behaviour.kind == .crlf
        func decorated(_ event: [UInt8]) -> [UInt8] {
            isDecorated ? Array(": c\r\n\r\nid: 7\r\n".utf8) + event.flatMap { $0 == 10 ? [13, 10] : [$0] } : event
        }
        return EventSteps(
            asked.behaviour,
            EventSteps.Events(
                fields: "Content-Type: text/event-stream; charset=utf-8\r\nx-request-id: req_mock\r\n",
                count: events.all.count,
                error: { (events.all.prefix($0 == 0 ? 2 : 0) + [events.failure]).flatMap(\.self) },
                event: { decorated(events.all[$0]) }))
    }

    private init(_ asked: ResponsesAsked) {
        self.asked = asked
        make()
    }

    private mutating func make() {
        let kind = asked.behaviour.kind
        add("response.created", response(.inProgress))
        add("response.in_progress", response(.inProgress))
        if asked.thinks { think() }
        if asked.refuses { refuse() } else if asked.calls.isEmpty || asked.thinks { say() }
        call()
        if kind == .noFinish || kind == .noDone { return }
        add("response.\(asked.status)", response(.ended))
    }

    private mutating func add(_ type: String, _ members: String) {
        all.append(event(type, members, all.count))
    }

    private func event(_ type: String, _ members: String, _ number: Int) -> [UInt8] {
        var event = Array("event: \(type)\n".utf8)
        event.append(#"data: {"type":"\#(type)","sequence_number":\#(number)"#)
        event.append("," + members + "}\n\n")
        return event
    }

    /// The event that tells that the response failed, behind the first half.
    private var failure: [UInt8] { event("response.failed", response(.failed), all.count / 2) }

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
