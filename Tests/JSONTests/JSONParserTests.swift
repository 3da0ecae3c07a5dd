import JSON
import Testing

@Suite("JSON: the index of an object")
struct JSONParserTests {
    let parser = JSONParser()

    @Test("each member has its kind and exactly the bytes of its value")
    func ranges() throws {
        let index = try parser.members(
            of: bytes(#" { "a" : -1.50e+3 ,"b":"x\"y" , "c":[1, {"d":2}],"e":{},"f":true,"g":null, "h":false } "#))
        #expect(index.members.map(\.key) == ["a", "b", "c", "e", "f", "g", "h"])
        #expect(index.members.map(\.kind) == [.number, .string, .array, .object, .bool, .null, .bool])
        #expect(
            index.members.map { text(index.bytes(of: $0)) } == [
                "-1.50e+3", #""x\"y""#, #"[1, {"d":2}]"#, "{}", "true", "null", "false",
            ])
        #expect(
            index.members.map { text(index.bytes[$0.keyRange]) } == [
                #""a""#, #""b""#, #""c""#, #""e""#, #""f""#, #""g""#, #""h""#,
            ])
        #expect(text(index.bytes[index.members[1].memberRange]) == #""b":"x\"y""#)
        #expect(index.range == 1..<index.bytes.count - 1)
    }

    @Test("values are read by kind; missing and null members are nil")
    func values() throws {
        let index = try parser.members(
            of: bytes(
                #"{"s":"a\u00e9\n😀","t":true,"f":false,"i":-7,"w":12.0,"e":1e3,"n":null,"big":123456789012345678901234567890}"#
            ))
        #expect(try index.string("s") == "aé\n😀")
        #expect(try index.bool("t") == true)
        #expect(try index.bool("f") == false)
        #expect(try index.int("i") == -7)
        #expect(try index.int("w") == 12)
        #expect(try index.int("e") == 1000)
        #expect(try index.string("n") == nil)
        #expect(try index.int("absent") == nil)
        #expect(try index.number("big")?.text == "123456789012345678901234567890")
        #expect(jsonError { () throws(JSONError) in try index.int("big") } == .notAnInteger(key: "big"))
    }

    @Test("a member of another kind is an error that names the key and both kinds")
    func wrongKind() throws {
        let index = try parser.members(of: bytes(#"{"model":1,"n":1.5}"#))
        let error = jsonError { () throws(JSONError) in try index.string("model") }
        #expect(error == .wrongKind(key: "model", expected: .string, found: .number))
        #expect(error?.message == "'model' must be a string, not a number")
        #expect(jsonError { () throws(JSONError) in try index.int("n") } == .notAnInteger(key: "n"))
        #expect(
            jsonError { () throws(JSONError) in try index.bool("n") }
                == .wrongKind(key: "n", expected: .bool, found: .number))
    }

    @Test("keys are compared unescaped")
    func escapedKeys() throws {
        let index = try parser.members(of: bytes(#"{"mo\u0064el":"x","\ud83d\ude00":1}"#))
        #expect(try index.string("model") == "x")
        #expect(try index.int("😀") == 1)
    }

    @Test("of a key given twice the last counts, and the index says so", arguments: [2, 40])
    func duplicates(count: Int) throws {
        let filler = (0..<count).map { #","k\#($0)":0"# }.joined()
        let index = try parser.members(of: bytes(#"{"a":1\#(filler),"\u0061":2}"#))
        #expect(try index.int("a") == 2)
        #expect(index.members.count == count + 2)
        #expect(index.hasDuplicates)
        #expect(try !parser.members(of: bytes(#"{"b":1\#(filler)}"#)).hasDuplicates)
    }

    @Test("a part of a text can be read, with ranges that count from the text's start")
    func part() throws {
        let whole = bytes(#"{"stream_options": {"include_usage" : false}}"#)
        let outer = try parser.members(of: whole)
        let member = try #require(outer["stream_options"])
        let inner = try parser.members(of: whole, in: member.range)
        #expect(inner.range == member.range)
        #expect(inner.bytes(of: "include_usage").map { text($0) } == "false")
    }

    @Test(
        "JSON that is not an object is told apart from what is not JSON",
        arguments: [("[1]", JSONKind.array), ("\"a\"", .string), (" 12 ", .number), ("true", .bool), ("null", .null)])
    func notAnObject(json: String, kind: JSONKind) {
        #expect(jsonError { () throws(JSONError) in try parser.members(of: bytes(json)) } == .notAnObject(found: kind))
    }

    @Test("nothing but blanks is empty", arguments: ["", " ", "\n\t\r "])
    func empty(json: String) {
        #expect(jsonError { () throws(JSONError) in try parser.members(of: bytes(json)) } == .empty)
        #expect(jsonError { () throws(JSONError) in try parser.parse(bytes(json)) } == .empty)
    }

    @Test(
        "what is not JSON is refused with the place",
        arguments: [
            ("{", JSONError.Flaw.truncated, 1), (#"{"a""#, .truncated, 4), (#"{"a":"#, .truncated, 5),
            (#"{"a":1"#, .truncated, 6),
            (#"{"a":1,"#, .truncated, 7), (#"{"a":1,}"#, .unexpectedCharacter, 7),
            (#"{,"a":1}"#, .unexpectedCharacter, 1),
            (#"{"a" 1}"#, .unexpectedCharacter, 5), (#"{"a"::1}"#, .unexpectedCharacter, 5),
            (#"{a:1}"#, .keyNotString, 1),
            (#"{1:1}"#, .keyNotString, 1), (#"{"a":1 "b":2}"#, .unexpectedCharacter, 7),
            (#"{"a":[1 2]}"#, .unexpectedCharacter, 8),
            (#"{"a":[1,]}"#, .unexpectedCharacter, 8), (#"{"a":[}"#, .unexpectedCharacter, 6),
            (#"{"a":[1}}"#, .unexpectedCharacter, 7),
            (#"{"a":{"b":1]}"#, .unexpectedCharacter, 11), (#"{"a":tru}"#, .unexpectedCharacter, 8),
            (#"{"a":truee}"#, .unexpectedCharacter, 9),
            (#"{"a":nul"#, .truncated, 8), (#"{"a":True}"#, .unexpectedCharacter, 5),
            (#"{"a":'b'}"#, .unexpectedCharacter, 5),
            (#"{"a":01}"#, .badNumber, 5), (#"{"a":-}"#, .badNumber, 5), (#"{"a":1.}"#, .badNumber, 5),
            (#"{"a":.5}"#, .unexpectedCharacter, 5),
            (#"{"a":1e}"#, .badNumber, 5), (#"{"a":1e+}"#, .badNumber, 5), (#"{"a":+1}"#, .unexpectedCharacter, 5),
            (#"{"a":1x}"#, .badNumber, 5),
            (#"{"a":1"b"}"#, .badNumber, 5), (#"{"a":0x10}"#, .badNumber, 5), (#"{"a":NaN}"#, .unexpectedCharacter, 5),
            (#"{"a":1}}"#, .trailingBytes, 7), (#"{"a":1} x"#, .trailingBytes, 8),
            (#"{"a":1}{"b":2}"#, .trailingBytes, 7),
            (#"{"a":"b}"#, .unclosedString, 5), (#"{"a":"b\"}"#, .unclosedString, 5), (#"{"a":"\x"}"#, .badEscape, 6),
            (#"{"a":"b\u12g4"}"#, .badEscape, 7), (#"{"a":"\u12"}"#, .badEscape, 6), (#"{"a\q":1}"#, .badEscape, 3),
            ("{\"a\":\"b\u{1}\"}", .controlCharacter, 7), ("{\"a\":\"b\n\"}", .controlCharacter, 7),
            ("{\"a\":\"\0\"}", .controlCharacter, 6),
            ("{\"a\":1\u{C}}", .badNumber, 5), ("{\"a\"\u{1A}1}", .unexpectedCharacter, 4),
            ("{\"a\":\0}", .unexpectedCharacter, 5),
            ("\u{FEFF}{}", .unexpectedCharacter, 0), ("{\"a\":1}\0", .trailingBytes, 7),
            ("hello", .unexpectedCharacter, 0),
            ("[DONE]", .unexpectedCharacter, 1), (#"{"a":"b""c"}"#, .unexpectedCharacter, 8),
            ("]", .unexpectedCharacter, 0),
        ])
    func syntax(json: String, flaw: JSONError.Flaw, offset: Int) {
        let expected = JSONError.syntax(flaw, offset: offset)
        #expect(jsonError { () throws(JSONError) in try parser.members(of: bytes(json)) } == expected, "\(json)")
        #expect(jsonError { () throws(JSONError) in try parser.parse(bytes(json)) } == expected, "\(json)")
        #expect(
            jsonError { () throws(JSONError) in try parser.scan(bytes(json), for: JSONKeys("a")) } == expected,
            "\(json)")
    }

    @Test(
        "bytes that are not UTF-8 are refused with the place of the sequence",
        arguments: [
            ([0xFF], 0), ([0xC3], 0), ([0xC3, 0x28], 0), ([0x61, 0xE4, 0xB8], 1), ([0xC0, 0xAF], 0),
            ([0xED, 0xA0, 0x80], 0),
            ([0xF4, 0x90, 0x80, 0x80], 0), ([0xF0, 0x80, 0x80, 0x80], 0), ([0xC3, 0xA9, 0x80], 2),
            ([0xE0, 0x80, 0x80], 0),
        ] as [([UInt8], Int)])
    func badUTF8(sequence: [UInt8], place: Int) {
        for filler in ["", String(repeating: "a", count: 61), String(repeating: "é", count: 100)] {
            let json = bytes(#"{"a":"\#(filler)"#) + sequence + bytes(#""}"#)
            let expected = JSONError.syntax(.badUTF8, offset: 6 + filler.utf8.count + place)
            #expect(jsonError { () throws(JSONError) in try parser.members(of: json) } == expected)
        }
    }

    @Test(
        "every prefix of a text fails cleanly",
        arguments: [chatRequest, chatChunk, #"{"a":-1.5e+10,"\u00e9":["\\\"",{}]}"#])
    func prefixes(json: String) {
        let whole = bytes(json)
        #expect(jsonError { () throws(JSONError) in try parser.members(of: whole) } == nil)
        for end in 0..<whole.count {
            let prefix = Array(whole[..<end])
            let error = jsonError { () throws(JSONError) in try parser.members(of: prefix) }
            #expect(error != nil, "\(end)")
            #expect((error?.offset ?? 0) <= end)
            #expect(jsonError { () throws(JSONError) in try parser.parse(prefix) } == error)
            #expect(jsonError { () throws(JSONError) in try parser.members(of: whole, in: 0..<end) } == error)
        }
    }

    @Test("nesting up to the limit passes and one level more is refused", arguments: ["[", "{\"a\":"])
    func depth(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ levels: Int) -> [UInt8] {
            bytes(String(repeating: opening, count: levels) + "1" + String(repeating: closing, count: levels))
        }
        #expect(try parser.parse(nested(512)).kind == (opening == "[" ? .array : .object))
        let offset = 512 * opening.utf8.count
        #expect(
            jsonError { () throws(JSONError) in try parser.parse(nested(513)) } == .tooDeep(limit: 512, offset: offset))
        #expect(
            jsonError { () throws(JSONError) in try parser.members(of: nested(100_000)) }
                == .tooDeep(limit: 512, offset: offset))
        let small = JSONParser(limits: JSONLimits(depth: 2))
        #expect(
            jsonError { () throws(JSONError) in try small.parse(nested(3)) }
                == .tooDeep(limit: 2, offset: 2 * opening.utf8.count))
    }

    @Test("texts with more bytes or values than the limits are refused")
    func limits() throws {
        let parser = JSONParser(limits: JSONLimits(bytes: 22, values: 3))
        #expect(try parser.parse(bytes("[1,2]")).array?.count == 2)
        #expect(jsonError { () throws(JSONError) in try parser.parse(bytes("[1,2,3]")) } == .tooLarge(limit: 3))
        #expect(try parser.members(of: bytes(#"{"a":[1,2,3,4,5]}"#)).members.count == 1)
        #expect(
            jsonError { () throws(JSONError) in try parser.members(of: bytes(#"{"":1,"":2,"":3,"":4}"#)) }
                == .tooLarge(limit: 3))
        #expect(
            jsonError { () throws(JSONError) in try parser.scan(bytes(#"{"a":"0123456789012345"}"#), for: JSONKeys()) }
                == .tooLarge(limit: 22))
    }

    @Test("a parser that refused a text or read a large one reads the next as well")
    func reuse() throws {
        let large = bytes(#"{"a":""# + String(repeating: "x", count: 6_000_000) + #"","b":[1]}"#)
        for _ in 0..<3 {
            #expect(try parser.members(of: large).members.map(\.key) == ["a", "b"])
            #expect(
                jsonError { () throws(JSONError) in try parser.members(of: bytes(#"{"a":["#)) }
                    == .syntax(.truncated, offset: 6))
            #expect(try parser.members(of: bytes(chatRequest)).string("model") == "gpt-4o")
            #expect(try parser.parse(large)["b"] == [1])
        }
    }

    @Test("an object with very many members is indexed without quadratic time")
    func manyMembers() throws {
        let json = "{" + (0..<100_000).map { #""k\#($0)":\#($0)"# }.joined(separator: ",") + "}"
        let index = try parser.members(of: bytes(json))
        #expect(try index.int("k99999") == 99999)
        #expect(try parser.parse(bytes(json))["k77777"] == 77777)
    }
}
