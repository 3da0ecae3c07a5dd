import Contracts
import InferenceModel
import JSON

/// Reads whole chat answers, as far as any vendor of this protocol writes them (contract providers §3.3, §21).
struct ChatAnswerReader {
    let traits: OpenAITraits
    let context: UpstreamContext

    private static let keys = JSONKeys("id", "created", "choices", "usage", "error", "service_tier", "bot_usage")

    /// Reads an answer of a good status.
    ///
    /// - Throws: `UpstreamError` for an error inside it, and for what is no answer.
    func read(_ body: [UInt8], parser: JSONParser) throws(UpstreamError) -> InferenceResponse {
        guard let scan = try? parser.scan(body, for: Self.keys) else { throw Self.foreign }
        try Self.checkError(body, scan[4], traits.errors, parser)
        guard let field = scan[2], field.kind == .array, let list = (try? parser.parse(body, in: field.range))?.array
        else {
            if let tree = try? parser.parse(body), let error = UpstreamError(status: 500, tree: tree) {
                throw traits.errors.adjusted(error)
            }
            throw Self.foreign
        }
        var choices: [Choice] = []
        choices.reserveCapacity(list.count)
        for element in list {
            guard let member = element.object else { throw Self.foreign }
            choices.append(try choice(member, place: choices.count))
        }
        var response = InferenceResponse(
            id: scan[0]?.string(in: body) ?? "", model: context.requestedModel,
            created: scan[1]?.int(in: body) ?? context.now, choices: choices)
        response.usage = traits.meant(Self.usage(body, scan, parser) ?? list.first.flatMap(Self.usage))
        response.serviceTier = scan[5]?.string(in: body)
        return response
    }

    private static func usage(_ body: [UInt8], _ scan: JSONScan, _ parser: JSONParser) -> TokenUsage? {
        if let field = scan[3], let counts = UsageReader.read(body, field.range) { return counts }
        // Ark's bots.
        guard let field = scan[6], let tree = try? parser.parse(body, in: field.range),
            let usage = tree["model_usage"]?[0]?.serialized()
        else { return nil }
        return UsageReader.read(usage, 0..<usage.count)
    }

    /// Moonshot's counts inside a choice.
    private static func usage(_ choice: JSONValue) -> TokenUsage? {
        guard let usage = choice["usage"]?.serialized() else { return nil }
        return UsageReader.read(usage, 0..<usage.count)
    }

    static let foreign = UpstreamError(
        status: 502, message: "the upstream answered something that is no chat completion", type: "upstream_error",
        code: .string(UpstreamError.badResponse))

    /// Throws the error that an answer or event holds in spite of its good status.
    ///
    /// - Parameters:
    ///   - field: The member `error`.
    ///   - base: Where the text starts in the bytes.
    static func checkError(
        _ bytes: [UInt8], in part: Range<Int>? = nil, _ field: JSONField?, _ errors: VendorErrors, _ parser: JSONParser
    ) throws(UpstreamError) {
        if let field, field.kind == .object || field.kind == .string,
            let tree = try? parser.parse(bytes, in: part), let error = UpstreamError(status: 500, tree: tree)
        {
            throw errors.adjusted(error)
        }
        if let place = errors.hidingPlace, let scan = try? parser.scan(bytes, in: part, for: place), scan[0] != nil,
            let tree = try? parser.parse(bytes, in: part), let error = errors.hidden(in: tree)
        {
            throw error
        }
    }

    // MARK: Choices

    private func choice(_ member: JSONObject, place: Int) throws(UpstreamError) -> Choice {
        let message = member["message"]?.object ?? JSONObject()
        var parts = Self.thought(message)
        var calls: [Part] = []
        for part in Self.content(message) {
            if case .thinking = part { parts.append(part) }
        }
        parts += Self.content(message).filter { if case .thinking = $0 { false } else { true } }
        if let refusal = message["refusal"]?.string, !refusal.isEmpty { parts.append(.refusal(refusal)) }
        if let audio = message["audio"]?.object, let data = audio["data"]?.string {
            parts.append(.media(Media(.audio, .base64(data), mediaType: "audio/wav")))
        }
        for call in message["tool_calls"]?.array ?? [] {
            if let read = call.object.flatMap({ Self.call($0, id: "call_\(context.nonce)\(place)\(calls.count)") }) {
                calls.append(.toolCall(read))
            }
        }
        if calls.isEmpty, let function = message["function_call"]?.object {
            let whole: JSONObject = ["function": .object(function)]
            if let read = Self.call(whole, id: "call_\(context.nonce)\(place)") { calls.append(.toolCall(read)) }
        }
        let word = member["finish_reason"]?.string
        if word == "network_error" || word == "error", parts.isEmpty, calls.isEmpty { throw Self.broken }
        var choice = Choice(parts: parts + calls, finish: ChatWords.reason(word, hasCalls: !calls.isEmpty))
        if let logprobs = member["logprobs"], !logprobs.isNull { choice.logprobs = logprobs }
        return choice
    }

    static let broken = UpstreamError(
        status: 502, message: "the upstream broke its answer off with an error", type: "upstream_error")

    /// The thought of a message with what proves it; none, or one part.
    private static func thought(_ message: JSONObject) -> [Part] {
        let text = message["reasoning_content"]?.string ?? message["reasoning"]?.string ?? ""
        let signature = message["signature"]?.string ?? ChatPartReader.thoughtSignature(of: message)
        return text.isEmpty && signature == nil ? [] : [.thinking(Thinking(text, signature: signature))]
    }

    /// What a message says and shows; parts that nobody knows are left out.
    static func content(_ message: JSONObject) -> [Part] {
        var parts: [Part] = []
        switch message["content"] {
        case .string(let text)?: if !text.isEmpty { parts.append(.text(text)) }
        case .array(let elements)?: parts = elements.compactMap(Self.part)
        default: break
        }
        // OpenRouter's pictures stand beside the content.
        parts += (message["images"]?.array ?? []).compactMap(Self.part)
        return parts
    }

    private static func part(_ value: JSONValue) -> Part? {
        guard let member = value.object else { return nil }
        return (try? ChatPartReader.part(member)) ?? nil
    }

    /// A call; `nil` for one without a name.
    private static func call(_ member: JSONObject, id: String) -> ToolCall? {
        guard let function = member["function"]?.object, let name = function["name"]?.string, !name.isEmpty else {
            return nil
        }
        var arguments = function["arguments"]?.string ?? ""
        if let object = function["arguments"], object.kind == .object {
            arguments = String(decoding: object.serialized(), as: UTF8.self)
        }
        let given = member["id"]?.string ?? ""
        return ToolCall(
            id: given.isEmpty ? id : given, name: name, arguments: arguments.isEmpty ? "{}" : arguments,
            signature: ChatPartReader.thoughtSignature(of: member))
    }
}
