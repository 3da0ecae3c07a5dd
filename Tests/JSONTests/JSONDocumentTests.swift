import JSON
import TestSupport
import Testing

@Suite("JSON: documents")
struct JSONDocumentTests {
    /// The tree of a value, put together from its places.
    private func tree(_ document: JSONDocument, _ place: Int = 0) -> JSONValue? {
        switch document.kind(place) {
        case .null: return .null
        case .bool: return document.bool(place).map { .bool($0) }
        case .number: return document.number(place).map { .number($0) }
        case .string: return document.string(place).map { .string($0) }
        case .array:
            var elements: [JSONValue] = []
            var element = place + 1
            for _ in 0..<document.count(place) {
                guard let value = tree(document, element) else { return nil }
                elements.append(value)
                element = document.after(element)
            }
            return document.after(place) == element ? .array(elements) : nil
        case .object:
            var members = JSONObject()
            var key = place + 1
            for _ in 0..<document.count(place) {
                guard let name = document.string(key), document.isString(key, name),
                    !document.isString(key, name + "x"),
                    let value = tree(document, key + 1)
                else { return nil }
                members[name] = value
                key = document.after(key + 1)
            }
            return document.after(place) == key ? .object(members) : nil
        }
    }

    @Test("a document holds what the tree of the same text holds", arguments: 0..<60 as Range<UInt64>)
    func agreesWithTrees(seed: UInt64) throws {
        var maker = JSONMaker(generator: SeededGenerator(seed: seed))
        let value = JSONValue.object(maker.object(depth: 4, members: 8))
        #expect(try tree(JSONDocument(value.serialized())) == value)
    }

    @Test(
        "real requests read the same as trees", arguments: [chatRequest, chatChunk, "[]", "{}", "\"a\"", "7", " null "])
    func samples(sample: String) throws {
        #expect(try tree(JSONDocument(bytes(sample))) == JSONValue.parse(bytes(sample)))
    }

    @Test("a value of another kind answers nothing")
    func kinds() throws {
        let document = try JSONDocument(bytes(#"["text",7,true,null,{}]"#))
        #expect(document.string(1) == "text" && document.number(1) == nil && document.bool(1) == nil)
        #expect(document.number(2)?.int == 7 && document.string(2) == nil && document.count(2) == 0)
        #expect(document.bool(3) == true && document.kind(4) == .null && document.kind(5) == .object)
        #expect(document.isString(1, "text") && !document.isString(1, "texs") && !document.isString(1, "tex"))
    }

    @Test("keys with escapes are compared by what they mean")
    func escapedKeys() throws {
        let document = try JSONDocument(bytes(#"{"\u0061b":1}"#))
        #expect(document.isString(1, "ab") && !document.isString(1, #"\u0061b"#))
    }

    @Test(
        "what is no JSON is refused as by trees",
        arguments: ["", "{", "[1,]", "nul", "\"\u{1}\"", "{} {}", #"{"a" 1}"#])
    func faults(text: String) {
        let fault = jsonError { () throws(JSONError) in try JSONDocument(bytes(text)) }
        #expect(fault != nil && fault == jsonError { () throws(JSONError) in try JSONValue.parse(bytes(text)) })
        let limits = JSONLimits(depth: 2, bytes: 8, values: 2)
        for long in ["[[[]]]", "[1,2,3]", "[1234567890]"] {
            #expect(jsonError { () throws(JSONError) in try JSONDocument(bytes(long), limits: limits) } != nil)
        }
    }
}
