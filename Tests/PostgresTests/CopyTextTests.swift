import Testing

@testable import Postgres

@Suite("COPY text")
struct CopyTextTests {
    private func built(_ fill: (inout CopyText) -> Void) -> [UInt8] {
        var text = CopyText()
        fill(&text)
        return text.bytes
    }

    @Test("columns are separated by tabs and rows by newlines")
    func rows() {
        var text = CopyText()
        text.append("a")
        text.append(Int64(-5))
        text.appendNull()
        text.append(true)
        text.append(1.5)
        text.endRow()
        text.append("")
        text.append(nil as String?)
        text.append(nil as Int?)
        text.append(Timestamp(microseconds: 0))
        text.endRow()
        #expect(text.rows == 2)
        #expect(
            String(decoding: text.bytes, as: UTF8.self)
                == "a\t-5\t\\N\tt\t1.5\n\t\\N\t\\N\t1970-01-01 00:00:00.000000+00\n")
    }

    @Test(
        "bytes that mean something to COPY are escaped",
        arguments: [
            ("\t", #"\t"#), ("\n", #"\n"#), ("\r", #"\r"#), ("\u{8}", #"\b"#), ("\u{B}", #"\v"#), ("\u{C}", #"\f"#),
            (#"\"#, #"\\"#),
            (#"\N"#, #"\\N"#), (#"\."#, #"\\."#), ("a\tb\\", #"a\tb\\"#),
            ("plain ü€😀 \u{1} \u{7F}", "plain ü€😀 \u{1} \u{7F}"),
        ])
    func escapes(_ value: String, _ expected: String) {
        #expect(built { $0.append(value) } == Array(expected.utf8))
        #expect(built { $0.append(utf8: Array(value.utf8)) } == Array(expected.utf8))
    }

    @Test("NUL and what is not UTF-8 become U+FFFD")
    func repairs() {
        #expect(built { $0.append("a\0b") } == Array("a\u{FFFD}b".utf8))
        #expect(built { $0.append(utf8: [0x61, 0x00, 0x62]) } == Array("a\u{FFFD}b".utf8))
        #expect(built { $0.append(utf8: [0x61, 0xFF, 0x09]) } == Array("a\u{FFFD}\\t".utf8))
        #expect(built { $0.append(utf8: [0xE2, 0x82]) } == Array("\u{FFFD}".utf8))
        // A surrogate half in UTF-8 clothes and an overlong slash.
        #expect((try? UTF8Span(validating: built { $0.append(utf8: [0xED, 0xA0, 0x80, 0xC0, 0xAF]) }.span)) != nil)
    }

    @Test("bytea goes as escaped hex")
    func bytea() {
        #expect(built { $0.append(bytea: [0, 255]) } == Array(#"\\x00ff"#.utf8))
    }

    @Test("starting again keeps nothing")
    func again() {
        var text = CopyText(reserving: 100)
        text.append("a")
        text.removeAll()
        text.append("b")
        text.endRow()
        #expect(text.bytes == Array("b\n".utf8))
        #expect(text.rows == 1)
    }
}
