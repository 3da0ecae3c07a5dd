import Testing

@testable import JSON

@Suite struct JSONFieldTableTests {
    private let parser = JSONParser()
    private let table = JSONFieldTable(JSONKeys((0..<20).map { "k\($0)" }))

    @Test("each wanted member is found in one walk, the others are passed over")
    func finds() throws {
        let text = Array(##"x{"k3":"a\nb","no":{"k4":1},"k19":-12,"k\u0030":true,"k7":[1,{"k8":2}],"k5":null}y"##.utf8)
        try parser.fill(table, text, in: 1..<text.count - 1)
        #expect(table[3]?.string(in: text, from: 1) == "a\nb")
        #expect(table[19]?.int(in: text, from: 1) == -12)
        #expect(table[0]?.bool(in: text, from: 1) == true)
        #expect(table[7]?.kind == .array && table[5]?.kind == .null)
        #expect(table[4] == nil && table[8] == nil)
    }

    @Test("a table that is filled again forgets, and of a key given twice the last counts")
    func refill() throws {
        try parser.fill(table, Array(#"{"k1":1,"k2":2}"#.utf8))
        let text = Array(#"{"k1":3,"k1":4}"#.utf8)
        try parser.fill(table, text)
        #expect(table[1]?.int(in: text) == 4 && table[1]?.occurrences == 2)
        #expect(table[2] == nil)
    }

    @Test(
        "what is not an object, or not JSON, is an error", arguments: ["[]", "1", "", "{", #"{"k1":}"#, #"{"k1":1}x"#])
    func errors(_ text: String) {
        #expect(throws: JSONError.self) { try parser.fill(table, Array(text.utf8)) }
    }
}
