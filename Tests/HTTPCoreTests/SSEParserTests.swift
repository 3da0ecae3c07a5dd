import HTTPCore
import TestSupport
import Testing

private func events(_ pieces: [[UInt8]], finishes: Bool = false, parser: SSEParser = SSEParser()) throws -> [SSEEvent] {
    var parser = parser
    var found: [SSEEvent] = []
    for piece in pieces { try parser.feed(piece) { found.append($0) } }
    if finishes { try parser.finish { found.append($0) } }
    return found
}

private func event(_ text: String, name: String? = nil, id: String? = nil) -> SSEEvent {
    SSEEvent(data: Array(text.utf8), name: name, id: id)
}

@Suite struct SSEParserTests {
    @Test("events are found with every line end, however they are cut", arguments: ["\n", "\r", "\r\n"])
    func cuts(_ end: String) throws {
        let lines = [
            ": hello", "data: {\"a\":1}", "", "event: delta", "id: 7", "data:two", "data:  lines", "", "", "retry: 10",
            "data", "",
            "event: unused", "", "data: last", "",
        ]
        let text = lines.map { $0 + end }.joined()
        let expected = [
            event("{\"a\":1}"), event("two\n lines", name: "delta", id: "7"), event("", id: "7"),
            event("last", id: "7"),
        ]
        for pieces in DripFeed.cuts(of: Array(text.utf8)) {
            #expect(try events(pieces) == expected)
        }
    }

    @Test("a byte order mark at the start is skipped, later it is data")
    func mark() throws {
        let text = "\u{FEFF}data: a\n\ndata: \u{FEFF}b\n\n"
        for pieces in DripFeed.cuts(of: Array(text.utf8)) {
            #expect(try events(pieces) == [event("a"), event("\u{FEFF}b")])
        }
    }

    @Test("mixed line ends are one end each")
    func mixed() throws {
        for pieces in DripFeed.cuts(of: Array("data: a\r\ndata: b\n\r\ndata: c\r\r\n".utf8)) {
            #expect(try events(pieces) == [event("a\nb"), event("c")])
        }
    }

    @Test("an event without its empty line is handed out at the end only")
    func unfinished() throws {
        for text in ["data: a\n\ndata: b", "data: a\n\ndata: b\n"] {
            #expect(try events([Array(text.utf8)]) == [event("a")])
            #expect(try events([Array(text.utf8)], finishes: true) == [event("a"), event("b")])
        }
    }

    @Test("an id with a NUL is ignored, field names are exact")
    func fields() throws {
        #expect(try events([Array("id: a\0b\nDATA: x\n data: y\ndata : z\ndata: w\n\n".utf8)]) == [event("w")])
    }

    @Test("a line and an event have bounds")
    func bounds() throws {
        let line = Array("data: \(String(repeating: "a", count: 30))\n".utf8)
        for pieces in DripFeed.cuts(of: line) {
            #expect(throws: SSEFault.lineTooLong(limit: 20)) { try events(pieces, parser: SSEParser(lineLimit: 20)) }
            #expect(throws: SSEFault.eventTooLong(limit: 10)) { try events(pieces, parser: SSEParser(eventLimit: 10)) }
        }
    }

    @Test("what the receiver throws comes out")
    func receiverThrows() {
        struct Stop: Error {}
        var parser = SSEParser()
        #expect(throws: Stop.self) { try parser.feed(Array("data: a\n\n".utf8)) { _ in throw Stop() } }
    }

    @Test("many events in one piece are found in order")
    func many() throws {
        let text = (0..<5000).map { "data: \($0)\n\n" }.joined()
        let found = try events([Array(text.utf8)])
        #expect(found.map(\.text) == (0..<5000).map(String.init))
    }
}
