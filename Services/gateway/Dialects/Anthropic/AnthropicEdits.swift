import InferenceModel
import JSON

/// The edits that a request of Anthropic's protocol needs for an upstream that speaks it too (contract providers §4.1).
///
/// Order and unknown members stay: signatures and cached prefixes depend on them. What stands deep inside is looked at only when a glance at the bytes says that
/// there may be something.
struct AnthropicEdits {
    private let request: AnthropicRequest
    private let flavor: AnthropicFlavor
    private let config: AnthropicConfig
    private let model: AnthropicModel
    private let parser: JSONParser
    private var bytes: [UInt8] { request.index.bytes }

    init(_ request: AnthropicRequest, _ flavor: AnthropicFlavor, _ context: UpstreamContext, parser: JSONParser) {
        self.request = request
        self.flavor = flavor
        self.parser = parser
        config = AnthropicConfig(context.configs)
        model = AnthropicModel(requested: context.requestedModel, upstream: context.upstreamModel)
    }

    /// The betas of the caller that go on in the header.
    var headerBetas: [String] {
        if case .bodyWithout = flavor.betas { return [] }
        return flavor.passing(request.betas, model)
    }

    /// The body for the upstream.
    ///
    /// - Parameter asksForAnswer: Whether an answer is wanted; else only a count of the tokens.
    func body(upstreamModel: String, asksForAnswer: Bool) -> [UInt8] {
        var edit = JSONEdit(request.index)
        let upstreamModel = flavor.hasGoogleNames ? Vertex.claudeName(upstreamModel) : upstreamModel
        if !flavor.sendsModel {
            edit.remove("model")
        } else if upstreamModel != request.model {
            edit.set("model", string: upstreamModel)
        }
        if let version = flavor.bodyVersion { edit.set("anthropic_version", string: version) }
        if case .bodyWithout = flavor.betas { setBetas(&edit) }
        if asksForAnswer {
            if !flavor.sendsStream { edit.remove("stream") }
            if request.index["max_tokens"].map({ $0.kind == .null }) ?? true {
                // It must be above the thinking budget.
                edit.set("max_tokens", raw: Array(String(max(model.maxTokens, min(thinkingBudget, 1 << 30) + 1)).utf8))
            }
            editSampling(&edit)
        }
        if !flavor.takesServiceTier { edit.remove("service_tier") }
        editContextManagement(&edit)
        editDeep(&edit)
        return edit.isEmpty ? request.body : edit.apply()
    }

    private func setBetas(_ edit: inout JSONEdit) {
        let betas = flavor.passing(request.betas, model)
        guard !betas.isEmpty else { return }
        var json = JSONWriter()
        json.array { list in
            for beta in betas { list.string(beta) }
        }
        edit.set("anthropic_beta", raw: json.bytes)
    }

    /// Anthropic takes one of `temperature` and `top_p`, and with thinking hardly any of them.
    private func editSampling(_ edit: inout JSONEdit) {
        let index = request.index
        func isSet(_ key: String) -> Bool { index[key].map { $0.kind != .null } ?? false }
        if isThinking {
            edit.remove("temperature")
            edit.remove("top_k")
            if let topP = try? index.number("top_p"), (topP.double ?? 0) < 0.95 { edit.remove("top_p") }
        } else if isSet("temperature"), isSet("top_p") {
            edit.remove("top_p")
        }
    }

    private static let typeKeys = JSONKeys("type")
    private static let budgetKeys = JSONKeys("budget_tokens")

    /// The tokens that the caller gives for thoughts; 0 when none are named.
    private var thinkingBudget: Int {
        guard let thinking = request.index["thinking"], thinking.kind == .object,
            let scan = try? parser.scan(bytes, in: thinking.range, for: Self.budgetKeys)
        else { return 0 }
        return scan[0]?.int(in: bytes, from: thinking.range.lowerBound) ?? 0
    }

    private var isThinking: Bool {
        guard let thinking = request.index["thinking"], thinking.kind == .object,
            let scan = try? parser.scan(bytes, in: thinking.range, for: Self.typeKeys),
            let type = scan[0]?.string(in: bytes, from: thinking.range.lowerBound)
        else { return false }
        return type != "disabled"
    }

    // MARK: Context management

    private func editContextManagement(_ edit: inout JSONEdit) {
        let key = "context_management"
        guard let member = request.index[key] else { return }
        var allowed = config.contextEdits
        switch flavor.contextManagement {
        case .dropped: return edit.remove(key)
        case .only(let types, let notFor):
            if notFor.contains(where: { model.name.contains($0) }) { return edit.remove(key) }
            allowed = allowed.isEmpty ? types : allowed.intersection(types)
            if allowed.isEmpty { return edit.remove(key) }
        case .configured: break
        }
        if config.dropsContextManagement { return edit.remove(key) }
        guard !allowed.isEmpty, member.kind == .object, let index = try? parser.members(of: bytes, in: member.range),
            let edits = index["edits"]
        else { return }
        let all = JSONWalk.elements(bytes, edits.range)
        let kept = all.filter { range in
            guard let scan = try? parser.scan(bytes, in: range, for: Self.typeKeys),
                let type = scan[0]?.string(in: bytes, from: range.lowerBound)
            else { return false }
            return allowed.contains(type)
        }
        if kept.isEmpty { return edit.remove(key) }
        guard kept.count < all.count else { return }
        var inner = JSONEdit(index)
        inner.set("edits", raw: Self.array(kept.map { bytes[$0] }))
        edit.set(key, raw: inner.apply())
    }

    private static func array(_ elements: [ArraySlice<UInt8>]) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "[")]
        for (place, element) in elements.enumerated() {
            if place > 0 { out.append(UInt8(ascii: ",")) }
            out += element
        }
        out.append(UInt8(ascii: "]"))
        return out
    }

    // MARK: Blocks

    private var dropsToolExamples: Bool { config.dropsToolExamples || !flavor.takesToolExtras }
    private var dropsDeferLoading: Bool { config.dropsDeferLoading || !flavor.takesToolExtras }

    private func editDeep(_ edit: inout JSONEdit) {
        let index = request.index
        if !flavor.keepsCacheTTL, let control = index["cache_control"], let raw = withoutTTL(control) {
            edit.set("cache_control", raw: raw)
        }
        if let system = index["system"], system.kind == .array, mayNeedEdits(system.range),
            let raw = edited(system.range, by: block)
        {
            edit.set("system", raw: raw)
        }
        if let messages = index["messages"], messages.kind == .array, mayNeedEdits(messages.range),
            let raw = edited(messages.range, by: message)
        {
            edit.set("messages", raw: raw)
        }
        if let tools = index["tools"], tools.kind == .array, toolsMayNeedEdits(tools.range),
            let raw = edited(tools.range, by: tool)
        {
            edit.set("tools", raw: raw)
        }
    }

    private static let ttl = Array("\"ttl\"".utf8)
    private static let empty: [UInt8] = [UInt8(ascii: "\""), UInt8(ascii: "\"")]
    private static let examples = Array("\"input_examples\"".utf8)
    private static let deferLoading = Array("\"defer_loading\"".utf8)

    private func mayNeedEdits(_ range: Range<Int>) -> Bool {
        contains(Self.empty, range) || (!flavor.keepsCacheTTL && contains(Self.ttl, range))
    }

    private func toolsMayNeedEdits(_ range: Range<Int>) -> Bool {
        (!flavor.keepsCacheTTL && contains(Self.ttl, range)) || (dropsToolExamples && contains(Self.examples, range))
            || (dropsDeferLoading && contains(Self.deferLoading, range))
    }

    private func contains(_ text: [UInt8], _ range: Range<Int>) -> Bool {
        let held = bytes
        let span = held.span
        let first = text[0]
        guard range.count >= text.count else { return false }
        var place = range.lowerBound
        let end = range.upperBound - text.count
        while place <= end {
            if span[place] == first, text.indices.allSatisfy({ span[place + $0] == text[$0] }) { return true }
            place &+= 1
        }
        return false
    }

    /// What becomes of one element of an array.
    private enum Outcome {
        case kept
        case removed
        case changed([UInt8])
    }

    /// The array with its elements edited; `nil` when nothing changes.
    private func edited(_ array: Range<Int>, by rule: (Range<Int>) -> Outcome) -> [UInt8]? {
        var hasChange = false
        var elements: [ArraySlice<UInt8>] = []
        for element in JSONWalk.elements(bytes, array) {
            switch rule(element) {
            case .kept: elements.append(bytes[element])
            case .removed: hasChange = true
            case .changed(let raw):
                hasChange = true
                elements.append(raw[...])
            }
        }
        return hasChange ? Self.array(elements) : nil
    }

    private func message(_ range: Range<Int>) -> Outcome {
        guard let index = try? parser.members(of: bytes, in: range), let content = index["content"] else {
            return .kept
        }
        if content.kind == .string { return content.range.count == 2 ? .removed : .kept }
        guard content.kind == .array, let raw = edited(content.range, by: block) else { return .kept }
        if raw.count == 2 { return .removed }
        var edit = JSONEdit(index)
        edit.set("content", raw: raw)
        return .changed(edit.apply())
    }

    /// A block: an empty text goes, a lifetime of the cache goes where the vendor does not know it, also inside the result of a tool.
    private func block(_ range: Range<Int>) -> Outcome {
        guard let index = try? parser.members(of: bytes, in: range) else { return .kept }
        let type = (try? index.string("type")) ?? nil
        if type == "text", let text = index["text"], text.kind == .string, text.range.count == 2 { return .removed }
        var edit = JSONEdit(index)
        stripTTL(index, &edit)
        if type == "tool_result", let content = index["content"], content.kind == .array,
            let raw = edited(content.range, by: block)
        {
            edit.set("content", raw: raw)
        }
        return edit.isEmpty ? .kept : .changed(edit.apply())
    }

    private func tool(_ range: Range<Int>) -> Outcome {
        guard let index = try? parser.members(of: bytes, in: range) else { return .kept }
        var edit = JSONEdit(index)
        stripTTL(index, &edit)
        if dropsToolExamples { edit.remove("input_examples") }
        if dropsDeferLoading { edit.remove("defer_loading") }
        return edit.isEmpty ? .kept : .changed(edit.apply())
    }

    private func stripTTL(_ index: JSONObjectIndex, _ edit: inout JSONEdit) {
        guard !flavor.keepsCacheTTL, let control = index["cache_control"], let raw = withoutTTL(control) else { return }
        edit.set("cache_control", raw: raw)
    }

    private func withoutTTL(_ control: JSONMember) -> [UInt8]? {
        guard control.kind == .object, let inner = try? parser.members(of: bytes, in: control.range),
            inner["ttl"] != nil
        else { return nil }
        var edit = JSONEdit(inner)
        edit.remove("ttl")
        return edit.apply()
    }
}
