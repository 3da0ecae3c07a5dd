package import InferenceModel
package import JSON

/// A caller's request in OpenAI's protocol: read once, its bytes kept, so that it can be sent on with a few edits.
package final class OpenAIRequest: Sendable {
    /// The model as the caller wrote it; never empty.
    package let model: String
    package let isStream: Bool
    /// What the caller said about `stream_options.include_usage`; `nil` when it said nothing.
    package let includesUsage: Bool?
    /// The caller's own name for its end user; empty when it gave none.
    package let user: String
    package let body: [UInt8]
    private let bodyModel: String?
    let index: JSONObjectIndex
    private let members: ChatMembers
    private let streamOptions: JSONObjectIndex?

    /// Reads the parts that the gateway needs; every other member is left as it is.
    ///
    /// - Throws: `InvalidRequest` for a body that is no JSON object, for no or an empty model, and for a `model`, `stream` or `stream_options` of a wrong type.
    ///
    /// - Parameter pathModel: The model that the path names, where the body may leave it out.
    package init(_ body: [UInt8], pathModel: String? = nil, parser: JSONParser) throws(InvalidRequest) {
        self.body = body
        index = try Self.fault { () throws(JSONError) in try parser.members(of: body) }
        let members = ChatMembers(index)
        self.members = members
        let named = try Self.fault { [index] () throws(JSONError) in try index.string("model") }
        guard let name = pathModel ?? named else {
            throw InvalidRequest(message: "you must provide a model parameter", field: "model")
        }
        guard !name.isEmpty else { throw InvalidRequest(message: "'model' must not be empty", field: "model") }
        model = name
        bodyModel = named
        isStream =
            members.contains(.stream)
            ? try Self.fault { [index] () throws(JSONError) in try index.bool("stream") ?? false } : false
        user = members.contains(.user) ? Self.text(of: "user", in: index) : ""
        let options =
            members.contains(.streamOptions)
            ? try Self.fault { [index] () throws(JSONError) in try Self.options(index, parser) } : nil
        streamOptions = options
        includesUsage = try Self.fault { () throws(JSONError) in try options?.bool("include_usage") }
    }

    /// The body for one upstream.
    ///
    /// - Parameters:
    ///   - upstreamModel: Written over `model` when it differs; `nil` leaves the model out, for vendors that have it in the address.
    ///   - asksForUsage: Whether a stream must end with its usage; sets `stream_options.include_usage` and keeps the other options.
    package func body(upstreamModel: String?, asksForUsage: Bool) -> [UInt8] {
        var edit = JSONEdit(index)
        if let upstreamModel {
            if upstreamModel != bodyModel { edit.set("model", string: upstreamModel) }
        } else {
            edit.remove("model")
        }
        if asksForUsage, isStream, let options = usageOptions { edit.set("stream_options", raw: options) }
        return edit.isEmpty ? body : edit.apply()
    }

    /// The body of a call for embeddings.
    func embeddingBody(_ upstreamModel: String, _ form: OpenAITraits.EmbeddingForm, _ parser: JSONParser) -> [UInt8] {
        var edit = JSONEdit(index)
        if upstreamModel != bodyModel { edit.set("model", string: upstreamModel) }
        if form == .jina { JinaEmbeddings.edit(&edit, index, parser) }
        return edit.isEmpty ? body : edit.apply()
    }

    /// The body with the upstream's model, and these members replaced by texts.
    func body(upstreamModel: String, replacing members: [(name: String, text: String)]) -> [UInt8] {
        var edit = JSONEdit(index)
        if upstreamModel != bodyModel { edit.set("model", string: upstreamModel) }
        for (name, text) in members { edit.set(name, string: text) }
        return edit.isEmpty ? body : edit.apply()
    }

    /// The bytes of a member as they stand; `nil` when the body does not have it.
    func raw(_ member: String) -> ArraySlice<UInt8>? {
        index.bytes(of: member)
    }

    /// The text of a member; `nil` when it is missing or `null`.
    func text(_ member: String) throws(InvalidRequest) -> String? {
        try Self.fault { [index] () throws(JSONError) in try index.string(member) }
    }

    /// The truth value of a member; `nil` when it is missing or `null`.
    func flag(_ member: String) throws(InvalidRequest) -> Bool? {
        try Self.fault { [index] () throws(JSONError) in try index.bool(member) }
    }

    /// The body of a chat or completions call for one upstream.
    ///
    /// - Parameters:
    ///   - upstreamModel: The upstream's name of the model.
    ///   - traits: What the vendor and model do differently.
    ///   - forcesStream: Whether a stream is asked for in spite of the caller.
    package func body(
        upstreamModel: String, traits: OpenAITraits, forcesStream: Bool = false, parser: JSONParser
    ) -> [UInt8] {
        var edits = ChatEdits(index, members, traits, parser: parser)
        let name = traits.modelName.written(upstreamModel)
        let isStream = isStream || forcesStream
        return edits.apply(
            model: name == bodyModel ? nil : name,
            options: traits.takesStreamOptions && isStream ? usageOptions : nil, isStream: isStream,
            forcesStream: forcesStream)
    }

    /// The `stream_options` of a stream that ask for the usage and keep what else they say; `nil` when nothing must change.
    private var usageOptions: [UInt8]? {
        guard includesUsage != true else { return nil }
        guard let streamOptions else { return Array(#"{"include_usage":true}"#.utf8) }
        var options = JSONEdit(streamOptions)
        options.set("include_usage", raw: Array("true".utf8))
        return options.apply()
    }

    /// The kind of a member; `nil` when the body does not have it.
    func kind(of member: String) -> JSONKind? {
        index[member]?.kind
    }

    /// Whether a text, list or object has nothing in it.
    func isEmptyValue(_ member: String) -> Bool {
        guard let member = index[member] else { return false }
        let inside = body[member.range].dropFirst().dropLast()
        switch member.kind {
        case .string: return inside.isEmpty
        case .array, .object: return inside.allSatisfy { $0 <= 32 }
        default: return false
        }
    }

    /// All members as a tree, for a conversion.
    ///
    /// - Throws: `InvalidRequest` for a body whose nesting or number of values is over the parser's limits.
    package func tree(_ parser: JSONParser) throws(InvalidRequest) -> JSONObject {
        let tree = try Self.fault { [body] () throws(JSONError) in try parser.parse(body) }
        return tree.object ?? JSONObject()
    }

    private static func options(_ index: JSONObjectIndex, _ parser: JSONParser) throws(JSONError) -> JSONObjectIndex? {
        guard let member = index["stream_options"], member.kind != .null else { return nil }
        guard member.kind == .object else {
            throw .wrongKind(key: "stream_options", expected: .object, found: member.kind)
        }
        return try parser.members(of: index.bytes, in: member.range)
    }

    private static func fault<Value>(_ read: () throws(JSONError) -> Value) throws(InvalidRequest) -> Value {
        do {
            return try read()
        } catch {
            throw InvalidRequest(describe(error), error)
        }
    }

    /// A member that is only noted; one of a wrong type is the upstream's to judge.
    private static func text(of key: String, in index: JSONObjectIndex) -> String {
        guard let member = index[key], member.kind == .string, let text = try? index.string(key) else { return "" }
        return text
    }

    private static func describe(_ error: JSONError) -> String {
        switch error {
        case .empty: "the request body is empty; a JSON object is needed"
        case .syntax, .tooDeep, .tooLarge: "the request body is not valid JSON: \(error.message)"
        case .notAnObject: "the request body must be a JSON object"
        case .wrongKind, .notAnInteger: error.message
        }
    }
}

extension InvalidRequest {
    fileprivate init(_ message: String, _ error: JSONError) {
        switch error {
        case .wrongKind(let key, _, _), .notAnInteger(let key): self.init(message: message, field: key)
        default: self.init(message: message, field: nil)
        }
    }
}
