import InferenceModel
import JSON

/// The body of a caller's request in Gemini's protocol: checked once, its bytes kept, so that it can be sent on with the listed edits (contract providers §5.8).
package final class GeminiBody: Sendable {
    let bytes: [UInt8]
    private let index: JSONObjectIndex
    /// The caller's own name for its end user; empty when it gave none.
    let user: String

    /// Reads a body.
    ///
    /// - Throws: `InvalidRequest` for a body that is no JSON object.
    init(_ bytes: [UInt8], parser: JSONParser) throws(InvalidRequest) {
        self.bytes = bytes
        do throws(JSONError) {
            index = try parser.members(of: bytes)
        } catch {
            let message =
                switch error {
                case .empty: "the request body is empty; a JSON object is needed"
                case .notAnObject: "the request body must be a JSON object"
                default: "the request body is not valid JSON: \(error.message)"
                }
            throw InvalidRequest(message: message, field: nil)
        }
        user = index["user"]?.kind == .string ? (try? index.string("user")) ?? "" : ""
    }

    /// The tree, for conversions.
    func tree(_ parser: JSONParser) throws(InvalidRequest) -> JSONObject {
        do throws(JSONError) {
            return try parser.parse(bytes).object ?? JSONObject()
        } catch {
            throw InvalidRequest(message: "the request body is not valid JSON: \(error.message)", field: nil)
        }
    }

    // MARK: Pass-through

    /// The body for an upstream of the same protocol: contents get the role that they lack; for the third generation the first call of a turn gets a signature, and the
    /// mode `AUTO` goes, which it refuses; Vertex AI gets no ids of calls.
    func forGenerating(_ model: GeminiModel, _ flavour: GeminiFlavour) -> [UInt8] {
        var splice = Splice(bytes)
        if let contents = member("contents") {
            for content in JSONWalk.elements(bytes, contents) { edit(content, model, flavour, &splice) }
        }
        if model.isThird, let config = member("toolConfig", or: "tool_config") { dropAuto(config, &splice) }
        return splice.applied()
    }

    private func member(_ name: StaticString, or snake: StaticString = "") -> Range<Int>? {
        JSONWalk.member(bytes, index.range, name, or: snake)
    }

    private func edit(
        _ content: Range<Int>, _ model: GeminiModel, _ flavour: GeminiFlavour, _ splice: inout Splice
    ) {
        let members = JSONWalk.members(bytes, content)
        guard bytes[content.lowerBound] == UInt8(ascii: "{") else { return }
        if !members.contains(where: { JSONWalk.equals(bytes, $0.key, "role") }) {
            splice.insert(#""role":"user""# + (members.isEmpty ? "" : ","), at: content.lowerBound + 1)
        }
        guard model.isThird || flavour == .vertex,
            let parts = members.last(where: { JSONWalk.equals(bytes, $0.key, "parts") })?.value
        else { return }
        var isFirstCall = true
        for part in JSONWalk.elements(bytes, parts) {
            let members = JSONWalk.members(bytes, part)
            let call = members.last { isKey($0, "functionCall", "function_call") }
            if flavour == .vertex,
                let holder = call ?? members.last(where: { isKey($0, "functionResponse", "function_response") })
            {
                remove("id", from: holder.value, &splice)
            }
            guard call != nil else { continue }
            if isFirstCall, model.isThird,
                !members.contains(where: { isKey($0, "thoughtSignature", "thought_signature") })
            {
                splice.insert(
                    #""thoughtSignature":"\#(GeminiModel.dummySignature)","#, at: part.lowerBound + 1)
            }
            isFirstCall = false
        }
    }

    private func isKey(_ member: JSONWalk.Member, _ name: StaticString, _ snake: StaticString) -> Bool {
        JSONWalk.equals(bytes, member.key, name) || JSONWalk.equals(bytes, member.key, snake)
    }

    /// Removes the calling config when its mode is `AUTO`: what is left unsaid is the same.
    private func dropAuto(_ config: Range<Int>, _ splice: inout Splice) {
        guard let calling = JSONWalk.member(bytes, config, "functionCallingConfig", or: "function_calling_config"),
            let mode = JSONWalk.member(bytes, calling, "mode"),
            JSONWalk.equals(bytes, mode.lowerBound + 1..<mode.upperBound - 1, "AUTO")
        else { return }
        remove("functionCallingConfig", from: config, &splice)
        remove("function_calling_config", from: config, &splice)
    }

    /// Removes the members of this name from an object, each with one comma.
    private func remove(_ name: StaticString, from object: Range<Int>, _ splice: inout Splice) {
        let members = JSONWalk.members(bytes, object)
        for (place, member) in members.enumerated() where JSONWalk.equals(bytes, member.key, name) {
            if place + 1 < members.count {
                splice.remove(member.key.lowerBound - 1..<members[place + 1].key.lowerBound - 1)
            } else if place > 0 {
                splice.remove(members[place - 1].value.upperBound..<member.value.upperBound)
            } else {
                splice.remove(member.key.lowerBound - 1..<member.value.upperBound)
            }
        }
    }

    /// The body of `countTokens`, with the upstream's name of the model where it is repeated.
    func forCounting(upstreamModel: String) -> [UInt8] {
        var splice = Splice(bytes)
        let name = GeminiBody.resource(upstreamModel)
        rename(index.range, name, &splice)
        if let inner = member("generateContentRequest", or: "generate_content_request") {
            rename(inner, name, &splice)
        }
        return splice.applied()
    }

    /// The body of Vertex AI's `countTokens`, which takes the request itself without what does not count.
    ///
    /// - Throws: `InvalidRequest` for a body that is not valid JSON.
    func forVertexCounting(_ model: GeminiModel, _ parser: JSONParser) throws(InvalidRequest) -> [UInt8] {
        let tree = try tree(parser)
        let whole = (tree["generateContentRequest"] ?? tree["generate_content_request"])?.object ?? tree
        var counted = JSONObject()
        for member in whole.members where Self.countedByVertex.contains(member.key) {
            counted[member.key] = member.value
        }
        return try GeminiBody(JSONValue.object(counted).serialized(), parser: parser).forGenerating(model, .vertex)
    }

    private static let countedByVertex: Set<String> = [
        "contents", "systemInstruction", "system_instruction", "tools", "generationConfig", "generation_config",
    ]

    private func rename(_ object: Range<Int>, _ name: String, _ splice: inout Splice) {
        for member in JSONWalk.members(bytes, object) where JSONWalk.equals(bytes, member.key, "model") {
            splice.replace(member.value, JSONWriter.quoted(name))
        }
    }

    /// The body of `batchEmbedContents`: every request names the model, by the upstream's name.
    ///
    /// - Parameter isBatch: Whether this is such a body; else it is that of `embedContent`, and becomes the only request.
    func forEmbedding(upstreamModel: String, isBatch: Bool) -> [UInt8] {
        let name = JSONWriter.quoted(GeminiBody.resource(upstreamModel))
        var splice = Splice(bytes)
        let requests = isBatch ? member("requests").map { JSONWalk.elements(bytes, $0) } ?? [] : [index.range]
        for request in requests {
            let members = JSONWalk.members(bytes, request)
            let named = members.filter { JSONWalk.equals(bytes, $0.key, "model") }
            for member in named { splice.replace(member.value, name) }
            guard named.isEmpty, bytes[request.lowerBound] == UInt8(ascii: "{") else { continue }
            splice.insert(
                Array("\"model\":".utf8) + name + (members.isEmpty ? [] : [UInt8(ascii: ",")]),
                at: request.lowerBound + 1)
        }
        let edited = splice.applied()
        return isBatch ? edited : Array(#"{"requests":["#.utf8) + edited + Array("]}".utf8)
    }

    /// A model's name as Google's resources have it.
    static func resource(_ model: String) -> String {
        model.hasPrefix("models/") || model.hasPrefix("tunedModels/") ? model : "models/" + model
    }

    /// Edits at places of a text, in the order of the places.
    private struct Splice {
        private let bytes: [UInt8]
        private var edits: [(range: Range<Int>, text: [UInt8])] = []

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func insert(_ text: String, at place: Int) {
            insert(Array(text.utf8), at: place)
        }

        mutating func insert(_ text: [UInt8], at place: Int) {
            edits.append((place..<place, text))
        }

        mutating func remove(_ range: Range<Int>) {
            edits.append((range, []))
        }

        mutating func replace(_ range: Range<Int>, _ text: [UInt8]) {
            edits.append((range, text))
        }

        /// The text with all edits; an edit inside an earlier one is left out.
        func applied() -> [UInt8] {
            guard !edits.isEmpty else { return bytes }
            var out: [UInt8] = []
            out.reserveCapacity(bytes.count + edits.reduce(0) { $0 + $1.text.count })
            var place = 0
            for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
            where edit.range.lowerBound >= place {
                out += bytes[place..<edit.range.lowerBound]
                out += edit.text
                place = edit.range.upperBound
            }
            out += bytes[place...]
            return out
        }
    }
}
