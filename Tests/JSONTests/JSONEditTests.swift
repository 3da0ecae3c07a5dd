import JSON
import TestSupport
import Testing

@Suite("JSON: edits of bytes")
struct JSONEditTests {
    let parser = JSONParser()

    func edited(_ json: String, _ change: (inout JSONEdit) -> Void) throws -> String {
        let json = bytes(json)
        var edit = JSONEdit(json, index: try parser.members(of: json))
        change(&edit)
        return text(edit.apply())
    }

    @Test("without edits the object comes out byte for byte")
    func identity() throws {
        #expect(try edited(chatRequest) { _ in } == chatRequest)
        #expect(try edited("  { }\n") { _ in } == "{ }")
    }

    @Test("a replaced value leaves every other byte as it was")
    func replace() throws {
        let json = #"{ "model" : "gpt-4o" ,"n": 1.0, "u":{"x" : 123456789012345678901} }"#
        #expect(
            try edited(json) { $0.set("model", string: "m\"2") }
                == #"{ "model" : "m\"2" ,"n": 1.0, "u":{"x" : 123456789012345678901} }"#)
        #expect(try edited(json) { $0.replace("absent", raw: bytes("1")) } == json)
    }

    @Test("a member that is not there is appended")
    func append() throws {
        #expect(try edited(#"{"a":1 }"#) { $0.set("b\n", raw: bytes("[2]")) } == #"{"a":1,"b\n":[2] }"#)
        #expect(try edited("{ }") { $0.set("b", raw: bytes("2")) } == #"{"b":2 }"#)
        #expect(
            try edited("{}") {
                $0.set("b", raw: bytes("2")); $0.set("c", raw: bytes("3")); $0.set("b", raw: bytes("4"))
            } == #"{"b":4,"c":3}"#)
        #expect(
            try edited("{}") {
                $0.set("b", raw: bytes("2")); $0.remove("b")
            } == "{}")
    }

    @Test("a removed member takes one comma with it")
    func remove() throws {
        let json = #"{ "a":1, "b":2 ,"c":3 }"#
        #expect(try edited(json) { $0.remove("a") } == #"{ "b":2 ,"c":3 }"#)
        #expect(try edited(json) { $0.remove("b") } == #"{ "a":1 ,"c":3 }"#)
        #expect(try edited(json) { $0.remove("c") } == #"{ "a":1, "b":2 }"#)
        #expect(
            try edited(json) {
                $0.remove("a"); $0.remove("b")
            } == #"{ "c":3 }"#)
        #expect(
            try edited(json) {
                $0.remove("b"); $0.remove("c")
            } == #"{ "a":1 }"#)
        #expect(
            try edited(json) {
                $0.remove("a"); $0.remove("c")
            } == #"{ "b":2 }"#)
        #expect(try edited(json) { edit in ["a", "b", "c"].forEach { edit.remove($0) } } == "{  }")
        #expect(
            try edited(json) { edit in
                ["a", "b", "c"].forEach { edit.remove($0) }; edit.set("d", raw: bytes("4"))
            } == #"{ "d":4 }"#)
    }

    @Test("an edit applies to every occurrence of a key, however it is written")
    func duplicates() throws {
        let json = #"{"model":"a","x":1,"mod\u0065l":"b"}"#
        #expect(try edited(json) { $0.set("model", string: "c") } == #"{"model":"c","x":1,"mod\u0065l":"c"}"#)
        #expect(try edited(json) { $0.remove("model") } == #"{"x":1}"#)
    }

    @Test("an inner object is edited through the index of its part")
    func nested() throws {
        let json = bytes(#"{"stream_options" : {"include_usage":false,"x":1.0}, "n":1}"#)
        let outer = try parser.members(of: json)
        var inner = JSONEdit(try parser.members(of: json, in: try #require(outer["stream_options"]).range))
        inner.set("include_usage", raw: bytes("true"))
        var edit = JSONEdit(outer)
        edit.set("stream_options", raw: inner.apply())
        #expect(text(edit.apply()) == #"{"stream_options" : {"include_usage":true,"x":1.0}, "n":1}"#)
    }

    @Test("random edits agree with the same edits of the tree", arguments: 0..<300)
    func likeTree(seed: UInt64) throws {
        var maker = JSONMaker(generator: SeededGenerator(seed: seed))
        let original = maker.object(depth: 2, members: Int.random(in: 0..<8, using: &maker.generator))
        let json = bytes(maker.spread(.object(original)))
        var edit = JSONEdit(json, index: try parser.members(of: json))
        var tree = original
        let keys = original.keys + [maker.string(), maker.string()]
        for _ in 0..<Int.random(in: 0..<6, using: &maker.generator) {
            let key = keys.randomElement(using: &maker.generator) ?? ""
            let value = maker.value(depth: 2)
            switch Int.random(in: 0..<3, using: &maker.generator) {
            case 0:
                edit.set(key, raw: value.serialized())
                tree[key] = value
            case 1:
                edit.replace(key, raw: value.serialized())
                if tree[key] != nil { tree[key] = value }
            default:
                edit.remove(key)
                tree[key] = nil
            }
        }
        let result = edit.apply()
        #expect(try parser.parse(result) == .object(tree), "\(text(json)) → \(text(result))")
        #expect(try !parser.members(of: result).hasDuplicates)
    }
}
