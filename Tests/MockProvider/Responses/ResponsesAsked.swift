/// What a request of the Responses protocol asks for, as far as the mock looks, and the response to it.
struct ResponsesAsked: Sendable {
    /// How far a response is.
    enum State {
        case queued, inProgress, ended, failed, cancelled
    }

    let id: String
    let model: String
    let streams: Bool
    let isKept: Bool
    let isBackground: Bool
    let previous: String?
    let behaviour: Behaviour
    /// Whether the answer begins with a thought.
    let thinks: Bool
    /// Why the answer breaks off; `nil` for a whole one. A limit of 16 tokens is too low.
    let cut: String?
    /// The tools to call, empty for an answer in text.
    let calls: [Tool]
    let text: [UInt8]
    let inputText: String

    /// A tool of the caller's.
    struct Tool: Sendable {
        let name: String
        let isCustom: Bool
    }

    init(_ request: MockRequest) {
        let asked = Asked(request)
        let body = request.body
        func text(_ key: String) -> String? { LenientJSON.text(body, asked.value(key)) }
        id = ResponsesShelf.shared.nextID()
        model = asked.model
        behaviour = asked.behaviour
        streams = LenientJSON.isTrue(body, asked.value("stream"))
        isBackground = LenientJSON.isTrue(body, asked.value("background"))
        isKept = asked.value("store").map { LenientJSON.isTrue(body, $0) } ?? true
        previous = text("previous_response_id")
        let effort = asked.value("reasoning").flatMap { LenientJSON.text(body, LenientJSON.member(body, $0, "effort")) }
        thinks = behaviour.kind == .reasoning || effort != nil && effort != "none"
        let limit = asked.value("max_output_tokens").map { String(decoding: body[$0], as: UTF8.self) }
        let end = behaviour.end("", length: "max_output_tokens", filter: "content_filter")
        cut = limit == "16" ? "max_output_tokens" : end.isEmpty ? nil : end
        calls = Self.calls(asked, body)
        self.text = PlainBody.text(asked)
        inputText = text("input") ?? ""
    }

    private static func calls(_ asked: Asked, _ body: [UInt8]) -> [Tool] {
        let last = asked.value("input").flatMap { LenientJSON.elements(body, $0) }?.last
        let type = last.flatMap { LenientJSON.text(body, LenientJSON.member(body, $0, "type")) }
        if type?.hasSuffix("_output") == true { return [] }
        let choice = asked.value("tool_choice")
        if LenientJSON.text(body, choice) == "none" { return [] }
        var offered = (asked.value("tools").flatMap { LenientJSON.elements(body, $0) } ?? []).compactMap {
            tool -> Tool? in
            let type = LenientJSON.text(body, LenientJSON.member(body, tool, "type"))
            guard type == "function" || type == "custom",
                let name = LenientJSON.text(body, LenientJSON.member(body, tool, "name"))
            else { return nil }
            return Tool(name: name, isCustom: type == "custom")
        }
        if let forced = choice.flatMap({ LenientJSON.text(body, LenientJSON.member(body, $0, "name")) }) {
            offered = offered.filter { $0.name == forced }
        }
        if case .tools(let count) = asked.behaviour.kind {
            if offered.isEmpty { offered = [Tool(name: "lookup", isCustom: false)] }
            return (0..<count).map { offered[$0 % offered.count] }
        }
        return Array(offered.prefix(1))
    }

    /// Whether the answer is a refusal.
    var refuses: Bool { model.hasPrefix("mock-refusal") }

    var status: String { cut == nil ? "completed" : "incomplete" }

    // MARK: Objects

    /// The items of the answer in order.
    var items: [String] {
        var items: [String] = []
        if thinks { items.append(Self.reasoning) }
        if calls.isEmpty || thinks { items.append(message(items.count)) }
        for (number, call) in calls.enumerated() { items.append(self.call(call, number)) }
        return items
    }

    static let reasoning =
        #"{"id":"rs_mock","type":"reasoning","summary":[{"type":"summary_text","text":"first"},{"type":"summary_text","text":"I think"}],"encrypted_content":"c2lnbmF0dXJl"}"#

    func message(_ place: Int) -> String {
        #"{"id":"msg_mock","type":"message","status":"\#(status)","role":"assistant","content":[\#(part(answer))]}"#
    }

    func part(_ text: [UInt8]) -> String {
        var out: [UInt8] = []
        out.append(
            refuses
                ? #"{"type":"refusal","refusal":"# : #"{"type":"output_text","annotations":[],"logprobs":[],"text":"#)
        out.appendJSON(text)
        out.append("}")
        return String(decoding: out, as: UTF8.self)
    }

    var answer: [UInt8] {
        if refuses { return Array("I cannot.".utf8) }
        return calls.isEmpty ? text : Array("Let me look.".utf8)
    }

    func call(_ tool: Tool, _ number: Int, isWhole: Bool = true) -> String {
        let rest =
            tool.isCustom
            ? #""type":"custom_tool_call","input":"\#(isWhole ? Self.input : "")""#
            : #""type":"function_call","arguments":"\#(isWhole ? Self.arguments : "")""#
        return
            #"{"id":"fc_\#(number)","call_id":"call_\#(number)","name":"\#(tool.name)","status":"completed",\#(rest)}"#
    }

    /// Inside a JSON string.
    static let arguments = #"{\"city\":\"Paris\"}"#
    static let input = #"city\nParis"#

    /// The response object.
    func response(_ state: State, items: [String]? = nil) -> [UInt8] {
        var out = Array(#"{"id":"\#(id)","object":"response","created_at":1700000000,"model":"#.utf8)
        out.appendJSON((model.hasPrefix("mock-") ? model : model + "-2025-08-07").utf8)
        let word =
            switch state {
            case .queued: "queued"
            case .inProgress: "in_progress"
            case .ended: status
            case .failed: "failed"
            case .cancelled: "cancelled"
            }
        let isEnded = state == .ended
        let fault = state == .failed ? Self.fault : "null"
        let details = isEnded ? cut.map { #"{"reason":"\#($0)"}"# } ?? "null" : "null"
        let output = isEnded ? (items ?? self.items).joined(separator: ",") : ""
        out.append(#","status":"\#(word)","error":\#(fault),"incomplete_details":\#(details),"output":[\#(output)]"#)
        let before = previous.map { "\"\($0)\"" } ?? "null"
        out.append(
            #","previous_response_id":\#(before),"store":\#(isKept),"background":\#(isBackground),"instructions":null,"metadata":{},"parallel_tool_calls":true,"temperature":1.0,"tool_choice":"auto","tools":[],"top_p":1.0,"usage":"#
        )
        out.append(isEnded && behaviour.kind != .noUsage ? usage : "null")
        out.append("}")
        return out
    }

    static let fault = #"{"code":"rate_limit_exceeded","message":"Too fast."}"#

    private var usage: String {
        let output = streams && calls.isEmpty && !refuses && hasWords ? behaviour.chunks : PlainBody.completionTokens
        return
            #"{"input_tokens":\#(PlainBody.promptTokens),"input_tokens_details":{"cached_tokens":3},"output_tokens":\#(output),"output_tokens_details":{"reasoning_tokens":2},"total_tokens":\#(PlainBody.promptTokens + output)}"#
    }

    /// Whether a stream counts words instead of telling the text.
    var hasWords: Bool {
        switch behaviour.kind {
        case .echo, .huge, .splitUTF8: false
        default: true
        }
    }
}
