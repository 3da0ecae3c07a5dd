/// What a request of Gemini's protocol asks for, as far as the mock looks, and the pieces of the answer.
///
/// Beside the names of `Behaviour`: `mock-blocked` refuses the prompt, `mock-refusal` stops for safety, `mock-malformed` fails to call, `mock-grounded` names sources,
/// `mock-picture` draws, `mock-code` runs code.
struct GeminiAsked {
    let path: GeminiPath
    let behaviour: Behaviour
    /// Whether the answer begins with a thought.
    let thinks: Bool
    /// Whether calls and texts are signed.
    let signs: Bool
    /// Whether calls have ids.
    let hasIDs: Bool
    /// Whether the limit is so low that the answer breaks off.
    let isShort: Bool
    let candidates: Int
    /// The functions to call, empty for an answer in text.
    let calls: [String]
    let text: [UInt8]

    static let signature = "c2lnbmF0dXJl"

    init(_ request: MockRequest, _ path: GeminiPath) {
        self.path = path
        behaviour = path.behaviour
        let tree = GeminiTree(request.body)
        let config = tree.member(tree.whole, "generationConfig")
        let thinking = config.flatMap { tree.member($0, "thinkingConfig") }
        let includes = thinking.flatMap { tree.member($0, "includeThoughts") }.map(tree.isTrue) ?? false
        thinks = includes || behaviour.kind == .reasoning
        hasIDs = !path.model.contains("gemini-2") && !path.isVertex
        signs = thinks || path.model.contains("gemini-3")
        isShort = config.flatMap { tree.member($0, "maxOutputTokens") }.flatMap(tree.number) == 16
        candidates = config.flatMap { tree.member($0, "candidateCount") }.flatMap(tree.number).map { Int($0) } ?? 1
        calls = Self.calls(tree, behaviour)
        let isJSON = config.flatMap { tree.member($0, "responseMimeType") }.flatMap(tree.text) == "application/json"
        text =
            isJSON && behaviour.kind == .normal && behaviour.size == 0
            ? Array(#"{"city":"Paris"}"#.utf8) : PlainBody.text(behaviour, request)
    }

    private static func calls(_ tree: GeminiTree, _ behaviour: Behaviour) -> [String] {
        let last = tree.member(tree.whole, "contents").map(tree.list)?.last
        let parts = last.flatMap { tree.member($0, "parts") }.map(tree.list) ?? []
        if parts.contains(where: { tree.member($0, "functionResponse") != nil }) { return [] }
        let calling = tree.member(tree.whole, "toolConfig").flatMap { tree.member($0, "functionCallingConfig") }
        if calling.flatMap({ tree.member($0, "mode") }).flatMap(tree.text) == "NONE" { return [] }
        let tools = tree.member(tree.whole, "tools").map(tree.list) ?? []
        let offered = tools.flatMap { tree.member($0, "functionDeclarations").map(tree.list) ?? [] }
        var names = offered.compactMap { tree.member($0, "name").flatMap(tree.text) }
        let allowed = calling.flatMap { tree.member($0, "allowedFunctionNames") }.map(tree.list)?.compactMap(tree.text)
        if let allowed, !allowed.isEmpty { names = names.filter { allowed.contains($0) } }
        if case .tools(let count) = behaviour.kind {
            return (0..<count).map { names.isEmpty ? "lookup" : names[$0 % names.count] }
        }
        return Array(names.prefix(1))
    }

    private func isNamed(_ name: String) -> Bool { path.name == name || path.name.hasPrefix(name + "-") }

    // MARK: Pieces

    /// Whether a stream counts words instead of telling the text.
    private var hasWords: Bool {
        switch behaviour.kind {
        case .echo, .huge, .splitUTF8: false
        default: calls.isEmpty && String(decoding: text, as: UTF8.self).first != "{" && special == nil
        }
    }

    /// The parts of an answer of another kind.
    private var special: [String]? {
        if isNamed("mock-blocked") || isNamed("mock-malformed") { return [] }
        if isNamed("mock-refusal") { return [part("I can")] }
        if isNamed("mock-grounded") { return [part("w0 ž1 "), part("w2 w3 ", signed)] }
        if isNamed("mock-picture") {
            return [part("Here:"), #"{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}"#]
        }
        if isNamed("mock-code") {
            return [
                part("Let me count."), #"{"executableCode":{"language":"PYTHON","code":"print(2 + 2)"}}"#,
                #"{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"4\n"}}"#, part("It is 4."),
            ]
        }
        return nil
    }

    private func part(_ text: some Sequence<UInt8>, _ more: String = "") -> String {
        var out = Array(#"{"text":"#.utf8)
        out.appendJSON(text)
        out.append(more + "}")
        return String(decoding: out, as: UTF8.self)
    }

    private func part(_ text: String, _ more: String = "") -> String { part(text.utf8, more) }

    private var signed: String { signs ? #","thoughtSignature":"\#(Self.signature)""# : "" }

    /// The call of a place; of parallel calls the first is signed.
    private func call(_ place: Int) -> String {
        let id = hasIDs ? #""id":"fc\#(place)","# : ""
        return
            #"{"functionCall":{\#(id)"name":"\#(calls[place])","args":{"city":"Paris"}}\#(place == 0 ? signed : "")}"#
    }

    /// The parts of a whole answer.
    var parts: [String] {
        var parts = thinks ? [part("first I think", #","thought":true"#)] : []
        if let special { return parts + special }
        if calls.isEmpty { return parts + [part(text, signed)] }
        parts.append(part("Let me look."))
        return parts + calls.indices.map(call)
    }

    /// The parts of each event of a stream; the words are made when they are sent.
    func eventParts(_ place: Int) -> [String] {
        let before = thinks ? ["first ", "I think"].map { part($0, #","thought":true"#) } : []
        if place < before.count { return [before[place]] }
        let place = place - before.count
        if let special { return place < special.count ? [special[place]] : [] }
        if hasWords {
            guard place < behaviour.chunks else { return [part("", signed)] }
            return [part(PlainBody.word(place, behaviour))]
        }
        if calls.isEmpty {
            let texts = behaviour.kind == .splitUTF8 ? ["Žluťoučký ", "模型 ", "🙂 end"].map { Array($0.utf8) } : [text]
            return [place < texts.count ? part(texts[place]) : part("", signed)]
        }
        // Calls come whole, all in one event.
        return place == 0 ? [part("Let me look.")] : calls.indices.map(call)
    }

    /// How many events a stream has.
    var events: Int {
        let before = thinks ? 2 : 0
        if let special { return before + max(special.count, 1) }
        if hasWords { return before + behaviour.chunks + 1 }
        if !calls.isEmpty { return before + 2 }
        return before + (behaviour.kind == .splitUTF8 ? 4 : 2)
    }

    // MARK: Chunks

    /// An answer, whole or one event of a stream.
    func chunk(_ parts: [String], isLast: Bool, isFirst: Bool = true) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "{")]
        if isNamed("mock-blocked") {
            out.append(#""promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}"#)
        } else {
            let told = (0..<candidates).map { candidate(parts, $0, isLast: isLast) }
            out.append(#""candidates":[\#(told.joined(separator: ","))]"#)
        }
        if behaviour.kind != .noUsage { out.append(#","usageMetadata":\#(usage(isLast: isLast))"#) }
        out.append(#","modelVersion":"#)
        out.appendJSON(path.model.utf8)
        out.append(#","responseId":"resp-mock"}"#)
        return out
    }

    private func candidate(_ parts: [String], _ index: Int, isLast: Bool) -> String {
        var out =
            parts.isEmpty
            ? #"{"content":{}"# : #"{"content":{"parts":[\#(parts.joined(separator: ","))],"role":"model"}"#
        if isLast, behaviour.kind != .noFinish { out += #","finishReason":"\#(finish)""# }
        if isLast, isNamed("mock-malformed") {
            out += #","finishMessage":"Malformed function call: get_weather(city=""#
        }
        if isLast, isNamed("mock-grounded") { out += #","groundingMetadata":\#(grounding)"# }
        return out + #","index":\#(index)}"#
    }

    private var finish: String {
        if isNamed("mock-refusal") { return "SAFETY" }
        if isNamed("mock-malformed") { return "MALFORMED_FUNCTION_CALL" }
        return isShort ? "MAX_TOKENS" : behaviour.end("STOP", length: "MAX_TOKENS", filter: "SAFETY")
    }

    /// Two queries; the first source bears out the beginning of the text, both its fourth word.
    private var grounding: String {
        #"""
        {"webSearchQueries":["weather paris","paris today"],"searchEntryPoint":{"renderedContent":"<div></div>"},\#
        "groundingChunks":[{"web":{"uri":"https://example.com/paris","title":"Paris"}},{"web":{"uri":"https://example.org/sky","title":"Sky"}}],\#
        "groundingSupports":[{"segment":{"endIndex":7,"text":"w0 ž1 "},"groundingChunkIndices":[0]},\#
        {"segment":{"startIndex":10,"endIndex":13,"text":"w3 "},"groundingChunkIndices":[0,1]}]}
        """#
    }

    /// Counts so far: those of the answer come with the last event, thoughts stand beside it, cached tokens are part of the prompt.
    private func usage(isLast: Bool) -> String {
        let prompt = PlainBody.promptTokens
        var out =
            #"{"promptTokenCount":\#(prompt),"cachedContentTokenCount":3,"promptTokensDetails":[{"modality":"TEXT","tokenCount":\#(prompt)}]"#
        let output = isLast ? (path.action == .stream && hasWords ? behaviour.chunks : PlainBody.completionTokens) : 0
        let thoughts = thinks && isLast ? min(2, output) : 0
        if output > thoughts { out += #","candidatesTokenCount":\#(output - thoughts)"# }
        if thoughts > 0 { out += #","thoughtsTokenCount":\#(thoughts)"# }
        return out + #","totalTokenCount":\#(prompt + output)}"#
    }
}

/// The events of a stream: server-sent, or the elements of one array.
enum GeminiEvents {
    static func steps(_ asked: GeminiAsked) -> any Steps {
        let count = asked.events
        let error = GeminiAnswer.error(503, message: "The model is overloaded. Please try again later.")
        func chunk(_ place: Int) -> [UInt8] { asked.chunk(asked.eventParts(place), isLast: place == count - 1) }
        guard asked.path.wantsEvents else {
            func element(_ place: Int, _ bytes: [UInt8]) -> [UInt8] { Array((place == 0 ? "[" : ",\r\n").utf8) + bytes }
            return EventSteps(
                asked.behaviour,
                EventSteps.Events(
                    fields: "Content-Type: application/json; charset=UTF-8\r\n", count: count + 1,
                    error: { element($0, error) + Array("\r\n]".utf8) },
                    event: { $0 == count ? Array("\r\n]".utf8) : element($0, chunk($0)) }))
        }
        let isDecorated = asked.behaviour.kind == .crlf
        func event(_ bytes: [UInt8]) -> [UInt8] {
            Array((isDecorated ? ": a comment\r\n\r\nid: 7\r\ndata: " : "data: ").utf8) + bytes + [13, 10, 13, 10]
        }
        return EventSteps(
            asked.behaviour,
            EventSteps.Events(
                fields: "Content-Type: text/event-stream\r\n", count: count, error: { _ in event(error) },
                event: { event(chunk($0)) }))
    }
}
