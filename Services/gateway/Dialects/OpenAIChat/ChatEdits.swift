import InferenceModel
import JSON

/// The edits of a chat or completions request that passes to a vendor of the same protocol (contract providers §3.2, §3.7).
///
/// Every edit looks first whether it is needed; where none is, the caller's very bytes are sent.
struct ChatEdits {
    private let index: JSONObjectIndex
    private let members: ChatMembers
    private let traits: OpenAITraits
    private let parser: JSONParser
    private var edit: JSONEdit

    /// Prepares the edits of one body.
    init(_ index: JSONObjectIndex, _ members: ChatMembers, _ traits: OpenAITraits, parser: JSONParser) {
        self.index = index
        self.members = members
        self.traits = traits
        self.parser = parser
        edit = JSONEdit(index)
    }

    /// The body with all edits made.
    ///
    /// - Parameters:
    ///   - model: The upstream's name of the model, written over another one.
    ///   - options: The `stream_options` of a stream that must end with its usage; `nil` when they stay or go.
    ///   - isStream: Whether the answer is streamed; else `stream_options` are removed, which some vendors reject.
    ///   - forcesStream: Whether `stream` is written.
    mutating func apply(model: String?, options: [UInt8]?, isStream: Bool, forcesStream: Bool = false) -> [UInt8] {
        if let model { edit.set("model", string: model) }
        if forcesStream { edit.set("stream", raw: Array("true".utf8)) }
        if let options {
            edit.set("stream_options", raw: options)
        } else if members.contains(.streamOptions), !isStream || !traits.takesStreamOptions {
            edit.remove("stream_options")
        }
        editLimit()
        for member in traits.drops { edit.remove(member) }
        for (member, name) in traits.renames { rename(member, to: name) }
        if traits.thinksInStreamsOnly, !isStream {
            set(.disabled)
            for member in ["reasoning_effort", "thinking", "thinking_budget"] { edit.remove(member) }
        } else {
            editReasoning()
        }
        editChoice()
        editTools()
        editMessages()
        return edit.isEmpty ? index.bytes : edit.apply()
    }

    private func isGiven(_ member: String) -> Bool {
        index[member].map { $0.kind != .null } ?? false
    }

    private mutating func rename(_ member: String, to name: String) {
        guard let raw = index.bytes(of: member) else { return }
        if !isGiven(name) { edit.set(name, raw: Array(raw)) }
        edit.remove(member)
    }

    // MARK: Single members

    /// One name for the limit of output tokens, and no more than the model allows; of two limits the newer one counts.
    private mutating func editLimit() {
        guard !members.isDisjoint(with: [.maxTokens, .maxCompletionTokens]) else { return }
        let old = isGiven("max_tokens")
        let new = isGiven("max_completion_tokens")
        guard old || new else { return }
        let given = new ? "max_completion_tokens" : "max_tokens"
        let wanted =
            switch traits.limitName {
            case .maxTokens: "max_tokens"
            case .maxCompletionTokens: "max_completion_tokens"
            case .either: given
            }
        if let limit = traits.limit, let value = (try? index.int(given)) ?? nil, value > limit {
            edit.set(wanted, raw: Array(String(limit).utf8))
        } else if wanted != given, let raw = index.bytes(of: given) {
            edit.set(wanted, raw: Array(raw))
        }
        if members.isSuperset(of: [.maxTokens, .maxCompletionTokens]) || wanted != given {
            edit.remove(wanted == "max_tokens" ? "max_completion_tokens" : "max_tokens")
        }
    }

    private mutating func editReasoning() {
        guard !members.isDisjoint(with: [.reasoningEffort, .thinking]) else { return }
        if traits.thinkingWins, isGiven("thinking") {
            for member in ["reasoning_effort", "enable_thinking", "thinking_budget"] { edit.remove(member) }
            return
        }
        let hasEffort = isGiven("reasoning_effort")
        let word = hasEffort ? ((try? index.string("reasoning_effort")) ?? nil) : nil
        switch traits.reasoning {
        case .effort, .object: return
        case .nothing: edit.remove("reasoning_effort")
        case .oneOf(let known):
            guard let word else { return }
            if known.isEmpty { return edit.remove("reasoning_effort") }
            guard !known.contains(word), let reasoning = Reasoning(word: word) else { return }
            set(reasoning)
        case .thinking:
            guard hasEffort else { return }
            edit.remove("reasoning_effort")
            if !isGiven("thinking"), let word, let reasoning = Reasoning(word: word) { set(reasoning) }
        case .enableThinking:
            let hasThinking = isGiven("thinking")
            guard hasEffort || hasThinking else { return }
            edit.remove("reasoning_effort")
            edit.remove("thinking")
            guard !isGiven("enable_thinking") else { return }
            if let word, let reasoning = Reasoning(word: word) {
                set(reasoning)
            } else if let member = index["thinking"], let tree = try? parser.parse(index.bytes, in: member.range) {
                let budget = tree["budget_tokens"]?.int.map { Reasoning(budget: $0) }
                let isOff = tree["type"]?.string == "disabled"
                set(isOff ? .disabled : budget ?? .enabled(effort: .medium))
            }
        }
    }

    private mutating func set(_ reasoning: Reasoning) {
        for member in ChatReasoning.members(reasoning, traits.reasoning) { edit.set(member.key, raw: member.raw) }
    }

    private mutating func editChoice() {
        guard members.contains(.toolChoice), traits.dropsAutoChoice || traits.toolChoice == .any,
            let member = index["tool_choice"],
            member.kind == .string
        else { return }
        let word = index.bytes(of: member)
        if traits.dropsAutoChoice, word.elementsEqual(#""auto""#.utf8) {
            edit.remove("tool_choice")
        } else if traits.toolChoice == .any, word.elementsEqual(#""required""#.utf8) {
            edit.set("tool_choice", string: "any")
        }
    }

    // MARK: Tools

    /// Drops `function.parameters.required` that is `null` or empty, which some upstreams reject.
    private mutating func editTools() {
        guard members.contains(.tools), let member = index["tools"], member.kind == .array,
            hasEmptyRequired(member.range),
            let tools = (try? parser.parse(index.bytes, in: member.range))?.array
        else { return }
        let edited = tools.map { tool -> JSONValue in
            guard let schema = tool["function"]?["parameters"], schema.object != nil else { return tool }
            let clean = ChatRequestWriter.withoutEmptyRequired(schema)
            guard clean != schema else { return tool }
            var tool = tool
            tool["function"]?["parameters"] = clean
            return tool
        }
        if edited != tools { edit.set("tools", raw: JSONValue.array(edited).serialized()) }
    }

    /// Whether `"required"` stands before `null` or an empty list anywhere in the text.
    private func hasEmptyRequired(_ range: Range<Int>) -> Bool {
        let bytes = index.bytes
        var place = range.lowerBound
        while let found = ByteSearch.first(#""required""#, in: bytes, place..<range.upperBound) {
            place = found + 10
            var rest = bytes[place..<range.upperBound].drop { $0 <= 32 }
            guard rest.first == UInt8(ascii: ":") else { continue }
            rest = rest.dropFirst().drop { $0 <= 32 }
            if rest.first == UInt8(ascii: "n") { return true }
            guard rest.first == UInt8(ascii: "[") else { continue }
            if rest.dropFirst().drop(while: { $0 <= 32 }).first == UInt8(ascii: "]") { return true }
        }
        return false
    }

    // MARK: Messages

    private static let roleKeys = JSONKeys("role")

    private mutating func editMessages() {
        guard traits.changesMessages, let member = index["messages"], member.kind == .array else { return }
        let needsRoles =
            (!traits.isOpenAI && ByteSearch.has(#""developer""#, in: index.bytes, member.range))
            || traits.systemRole == "user"
        var text = needsRoles ? renamedRoles(member.range) : nil
        if traits.hasAudioURL, ByteSearch.has(#""input_audio""#, in: index.bytes, member.range) {
            text = edited(text, member.range) { Self.audioAddresses(in: $0) }
        }
        if let length = traits.callIDLength, ByteSearch.has(#""tool_call"#, in: index.bytes, member.range) {
            text = edited(text, member.range) { CallID(length: length).applied(to: $0) }
        }
        if let prefix = traits.systemPrefix {
            let first = JSONValue.object(["role": .string(traits.systemRole), "content": .string(prefix)]).serialized()
            let rest = text ?? Array(index.bytes[member.range])
            let isEmpty = rest.dropFirst().drop { $0 <= 32 }.first == UInt8(ascii: "]")
            text = [UInt8(ascii: "[")] + first + (isEmpty ? [] : [UInt8(ascii: ",")]) + rest.dropFirst()
        }
        if let text { edit.set("messages", raw: text) }
    }

    /// The messages with the vendor's role for what the model is told; only the roles change. `nil` when none does.
    private func renamedRoles(_ range: Range<Int>) -> [UInt8]? {
        let bytes = index.bytes
        let role = JSONWriter.quoted(traits.systemRole)
        var out: [UInt8] = []
        var cursor = range.lowerBound
        for element in JSONElements(bytes, range) {
            guard let scan = try? parser.scan(bytes, in: element, for: Self.roleKeys), let field = scan[0] else {
                continue
            }
            let place = field.range.shifted(by: element.lowerBound)
            let isTold =
                bytes[place].elementsEqual(#""developer""#.utf8)
                || (traits.systemRole == "user" && bytes[place].elementsEqual(#""system""#.utf8))
            guard isTold, !bytes[place].elementsEqual(role) else { continue }
            out += bytes[cursor..<place.lowerBound]
            out += role
            cursor = place.upperBound
        }
        return cursor == range.lowerBound ? nil : out + bytes[cursor..<range.upperBound]
    }

    /// The messages after an edit of their tree; as they were when it changed nothing.
    private func edited(
        _ text: [UInt8]?, _ range: Range<Int>, _ change: ([JSONValue]) -> [JSONValue]
    ) -> [UInt8]? {
        let source = text ?? Array(index.bytes[range])
        guard let list = (try? parser.parse(source))?.array else { return text }
        let changed = change(list)
        return changed == list ? text : JSONValue.array(changed).serialized()
    }

    /// SiliconFlow's `audio_url` in place of `input_audio`.
    private static func audioAddresses(in messages: [JSONValue]) -> [JSONValue] {
        messages.map { message in
            guard let parts = message["content"]?.array else { return message }
            var message = message
            message["content"] = .array(
                parts.map { part in
                    guard part["type"]?.string == "input_audio", let data = part["input_audio"]?["data"]?.string else {
                        return part
                    }
                    let format = part["input_audio"]?["format"]?.string ?? "wav"
                    let url =
                        DataURL.isData(data) || data.hasPrefix("http")
                        ? data : DataURL.text(mediaType: AudioFormat.mediaType(format), base64: data)
                    return ["type": "audio_url", "audio_url": .object(["url": .string(url)])]
                })
            return message
        }
    }
}

/// Which members a body has of those that every call is asked for; found in one pass over its keys.
struct ChatMembers: OptionSet {
    let rawValue: UInt16

    static let user = ChatMembers(rawValue: 1)
    static let stream = ChatMembers(rawValue: 2)
    static let streamOptions = ChatMembers(rawValue: 4)
    static let maxTokens = ChatMembers(rawValue: 8)
    static let maxCompletionTokens = ChatMembers(rawValue: 16)
    static let reasoningEffort = ChatMembers(rawValue: 32)
    static let thinking = ChatMembers(rawValue: 64)
    static let tools = ChatMembers(rawValue: 128)
    static let toolChoice = ChatMembers(rawValue: 256)

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The members of an object.
    init(_ index: JSONObjectIndex) {
        self = []
        for member in index.members { formUnion(Self.of(member.key)) }
    }

    /// Lengths first: most keys are none of these.
    private static func of(_ key: String) -> ChatMembers {
        switch key.utf8.count {
        case 4: key == "user" ? .user : []
        case 5: key == "tools" ? .tools : []
        case 6: key == "stream" ? .stream : []
        case 8: key == "thinking" ? .thinking : []
        case 10: key == "max_tokens" ? .maxTokens : []
        case 11: key == "tool_choice" ? .toolChoice : []
        case 14: key == "stream_options" ? .streamOptions : []
        case 16: key == "reasoning_effort" ? .reasoningEffort : []
        case 21: key == "max_completion_tokens" ? .maxCompletionTokens : []
        default: []
        }
    }
}

extension OpenAITraits {
    /// Whether messages may need an edit on their way.
    fileprivate var changesMessages: Bool {
        !isOpenAI || systemRole == "user" || hasAudioURL || callIDLength != nil || systemPrefix != nil
    }
}
