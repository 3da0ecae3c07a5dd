import JSON
import TestSupport
import Testing

@Suite("JSON: trees")
struct JSONTreeTests {
    let parser = JSONParser()

    @Test(
        "numbers keep their text through parse and write",
        arguments: [
            "0", "-0", "1.0", "1.10", "1e3", "1E+02", "-1.5e-7", "123456789012345678901234567890", "0.1", "1e400",
            "-1e-400",
            "3.141592653589793238462643383279",
        ])
    func numbers(number: String) throws {
        let value = try parser.parse(bytes("[\(number)]"))
        #expect(value.array?.first?.kind == .number)
        #expect(text(value.serialized()) == "[\(number)]")
    }

    @Test("a number of ten thousand digits keeps them all")
    func hugeNumber() throws {
        let digits = String(repeating: "7", count: 10000)
        #expect(text(try parser.parse(bytes(digits)).serialized()) == digits)
    }

    @Test("numbers answer as whole numbers and fractions where they are such")
    func numberValues() throws {
        let value = try parser.parse(bytes("[12.0,1e3,1.5,9223372036854775807,9223372036854775808,1e400,-0,0.1]"))
        #expect(value.array?.map(\.int) == [12, 1000, nil, .max, nil, nil, 0, nil])
        #expect(value[7]?.double == 0.1)
        #expect(value[5]?.double == nil)
        #expect(JSONNumber(Double.infinity) == nil)
        #expect(JSONNumber(0.5)?.text == "0.5")
    }

    @Test("strings are unescaped; surrogates without their half become U+FFFD")
    func strings() throws {
        let json =
            #"["\"\\\/\b\f\n\r\t","\u0041\u00e9\u4e16\ud83d\ude00","\ud83d","\ude00x","\ud83d\u0041","\ud83d\ud83d\ude00","\u0000"]"#
        let expected = ["\"\\/\u{8}\u{C}\n\r\t", "Aé世😀", "\u{FFFD}", "\u{FFFD}x", "\u{FFFD}A", "\u{FFFD}😀", "\0"]
        #expect(try parser.parse(bytes(json)).array?.map(\.string) == expected)
    }

    @Test("members keep their order; a key given twice keeps its first place and last value")
    func order() throws {
        let value = try parser.parse(bytes(#"{"z":1,"a":{"y":[],"b":null},"z":3,"m":2}"#))
        #expect(text(value.serialized()) == #"{"z":3,"a":{"y":[],"b":null},"m":2}"#)
        #expect(value["a"]?["b"] == .null)
        #expect(value["a"]?["absent"] == nil)
    }

    @Test("objects are equal whatever the order of their members")
    func equality() throws {
        #expect(try parser.parse(bytes(#"{"a":1,"b":[2]}"#)) == parser.parse(bytes(#"{"b":[2],"a":1}"#)))
        #expect(try parser.parse(bytes(#"{"a":1}"#)) != parser.parse(bytes(#"{"a":1,"b":null}"#)))
        #expect(try parser.parse(bytes("[1,2]")) != parser.parse(bytes("[2,1]")))
    }

    @Test("members are set, replaced in place and removed, few or many", arguments: [3, 50])
    func mutation(count: Int) {
        var value: JSONValue = .object(JSONObject())
        for index in 0..<count { value["k\(index)"] = .int(index) }
        value["k1"] = "new"
        value["k0"] = nil
        value["last"] = [true, nil]
        #expect(value.object?.keys == (1..<count).map { "k\($0)" } + ["last"])
        #expect(value["k1"] == "new")
        #expect(value["k0"] == nil)
        #expect(value["k\(count - 1)"]?.int == count - 1)
    }

    @Test("random trees survive writing, respacing and needless escapes, numbers byte for byte", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var maker = JSONMaker(generator: SeededGenerator(seed: seed))
        let tree = maker.value(depth: 5)
        let written = tree.serialized()
        let read = try parser.parse(written)
        #expect(read == tree)
        #expect(read.serialized() == written)
        let spread = maker.spread(tree)
        #expect(try parser.parse(bytes(spread)).serialized() == written, "\(spread)")
    }

    @Test("random damage is either refused or read, and never reads outside the text", arguments: 0..<100)
    func damage(seed: UInt64) throws {
        var maker = JSONMaker(generator: SeededGenerator(seed: seed))
        let whole = bytes(maker.spread(.object(maker.object(depth: 3, members: 6))))
        let alphabet = bytes("{}[]:,\"\\ 0-.eutn\u{1}é")
        for _ in 0..<200 {
            var damaged = whole
            for _ in 0...Int.random(in: 0..<3, using: &maker.generator) {
                let place = Int.random(in: 0..<damaged.count, using: &maker.generator)
                damaged[place] = alphabet.randomElement(using: &maker.generator) ?? 0
            }
            let error = jsonError { () throws(JSONError) in try parser.parse(damaged) }
            if error == nil {
                let tree = try parser.parse(damaged)
                #expect(try parser.parse(tree.serialized()) == tree)
            } else {
                #expect((error?.offset ?? 0) <= damaged.count)
            }
        }
    }
}
