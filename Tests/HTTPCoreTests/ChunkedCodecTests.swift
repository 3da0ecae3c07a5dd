import HTTPCore
import TestSupport
import Testing

/// What came out of a chunked body: its bytes, and how many bytes were used when it ended.
private func decode(_ pieces: [[UInt8]]) throws(ChunkFault) -> (body: [UInt8], used: Int?) {
    var decoder = ChunkedDecoder()
    var body: [UInt8] = []
    var before = 0
    for piece in pieces {
        var place = 0
        loop: while true {
            switch try decoder.step(piece.span, from: place) {
            case .needMore: break loop
            case .data(let range):
                body += piece[range]
                place = range.upperBound
            case .end(let end): return (body, before + end)
            }
        }
        before += piece.count
    }
    return (body, nil)
}

@Suite struct ChunkedCodecTests {
    @Test("a body with extensions and trailers is read, however it is cut")
    func cuts() throws {
        let text = "3\r\nabc\r\nA;name=\"v;w\"\r\n0123456789\r\n0003;x\r\ndef\r\n0;last\r\nX-Sum: 1\r\nY:\r\n\r\n"
        for pieces in DripFeed.cuts(of: Array((text + "rest").utf8)) {
            let (body, used) = try decode(pieces)
            #expect(String(decoding: body, as: UTF8.self) == "abc0123456789def")
            #expect(used == text.utf8.count)
        }
    }

    @Test("trailers that are written are read again, however they are cut")
    func trailers() throws {
        var encoded: [UInt8] = []
        ChunkedEncoder.appendEnd(trailers: ["X-Export-Count": "12", "x-empty": ""], to: &encoded)
        for pieces in DripFeed.cuts(of: encoded) {
            var decoder = ChunkedDecoder()
            for piece in pieces { _ = try decoder.step(piece.span, from: 0) }
            #expect(decoder.trailers.first("x-export-count") == "12" && decoder.trailers.first("X-Empty") == "")
            #expect(decoder.trailers.count == 2)
        }
    }

    @Test("an empty body ends at once")
    func empty() throws {
        let (body, used) = try decode([Array("0\r\n\r\n".utf8)])
        #expect(body.isEmpty)
        #expect(used == 5)
    }

    @Test("a body that is cut off does not end")
    func truncated() throws {
        let text = Array("3\r\nabc\r\n0\r\n\r\n".utf8)
        for end in 0..<text.count { #expect(try decode([Array(text[..<end])]).used == nil) }
    }

    @Test("every hostile body is refused, however it is cut", arguments: HostileRequest.all.filter { !$0.isInHead })
    func hostile(_ request: HostileRequest) throws {
        var parser = RequestParser()
        let head = try #require(try parser.parse(request.bytes.span))
        let body = Array(request.bytes[head.length...])
        for pieces in DripFeed.cuts(of: body, maxSplits: 300) {
            #expect(throws: ChunkFault.self, "\(request.name)") { try decode(pieces) }
        }
    }

    @Test("what is encoded is decoded again")
    func roundTrip() throws {
        for count in [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 70_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            var encoded: [UInt8] = []
            ChunkedEncoder.append(bytes.span, to: &encoded)
            ChunkedEncoder.append([UInt8]().span, to: &encoded)
            ChunkedEncoder.appendEnd(to: &encoded)
            let (body, used) = try decode([encoded])
            #expect(body == bytes)
            #expect(used == encoded.count)
        }
    }

    @Test("random bytes never trap")
    func random() {
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("0123456789abcdefAF;=\r\n\r\n\r\n :x\0".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<60, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            _ = try? decode([bytes])
        }
    }
}
