import JSON
import Testing

@Suite("JSON: the writer")
struct JSONWriterTests {
    @Test("commas and colons stand where they must")
    func shape() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("a", 1)
            writer.key("b")
            writer.array { writer in
                writer.null()
                writer.bool(true)
                writer.object { _ in }
                writer.array { _ in }
                writer.double(0.5)
                writer.double(.nan)
                writer.raw(bytes("1.0"))
            }
            writer.field("c", "x")
            writer.field("missing", String?.none)
            writer.field("d", raw: bytes(#"{"e":[]}"#))
            writer.field("f", ["g": 1] as JSONValue)
            writer.field("h", UInt64.max)
        }
        #expect(
            text(writer.bytes)
                == #"{"a":1,"b":[null,true,{},[],0.5,null,1.0],"c":"x","d":{"e":[]},"f":{"g":1},"h":18446744073709551615}"#
        )
    }

    @Test(
        "whole numbers are written with all their digits",
        arguments: [0, 1, -1, 9, 10, 1_234_567_890, Int64.max, Int64.min])
    func integers(value: Int64) {
        var writer = JSONWriter()
        writer.array { writer in
            writer.int(value)
            writer.int(Int(value))
            writer.int(UInt64(bitPattern: value))
            writer.int(Int8(truncatingIfNeeded: value))
        }
        #expect(
            text(writer.bytes) == "[\(value),\(value),\(UInt64(bitPattern: value)),\(Int8(truncatingIfNeeded: value))]")
    }

    @Test("every control character, quote and backslash is escaped, and nothing else is")
    func escapes() throws {
        let all =
            String(String.UnicodeScalarView((0..<0x250).compactMap { Unicode.Scalar($0) }))
            + "世😀\u{2028}\u{FFFF}\u{10FFFF}"
        let written = JSONWriter.quoted(all)
        #expect(written.allSatisfy { $0 >= 0x20 })
        #expect(try JSONValue.parse(written) == .string(all))
        #expect(
            text(JSONWriter.quoted("\u{0}\u{8}\t\n\u{C}\r\u{1F}\"\\/\u{7F}é"))
                == #""\u0000\b\t\n\f\r\u001f\"\\/\#u{7F}é""#)
    }

    @Test(
        "the place of a character in a long text does not matter to its escape",
        arguments: ["\"", "\\", "\n", "\u{1}", "é", "\u{7F}"])
    func positions(character: String) throws {
        for before in 0..<20 {
            for after in [0, 1, 7, 8, 9] {
                let content = String(repeating: "a", count: before) + character + String(repeating: "b", count: after)
                #expect(try JSONValue.parse(JSONWriter.quoted(content)) == .string(content))
            }
        }
    }
}
