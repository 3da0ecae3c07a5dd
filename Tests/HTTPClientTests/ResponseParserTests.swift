import HTTPCore
import TestSupport
import Testing

@testable import HTTPClient

@Suite("Response parser")
struct ResponseParserTests {
    /// What a parser makes of an answer that comes in these pieces.
    private struct Outcome: Equatable {
        var status = 0
        var headers: [String] = []
        var body: [UInt8] = []
        var isEnded = false
        var excess = 0
        var closing: ResponseParser.Closing?
        var keepsAlive = false
        var error: HTTPClientError?
    }

    private func read(_ pieces: [[UInt8]], isHead: Bool = false, limit: Int = 1000) -> Outcome {
        var parser = ResponseParser(isHead: isHead, headLimit: limit)
        var outcome = Outcome()
        for piece in pieces {
            var place = 0
            do throws(HTTPClientError) {
                reading: while true {
                    switch try parser.next(piece.span, from: &place) {
                    case .needMore: break reading
                    case .head(let head):
                        outcome.status = Int(head.status.code)
                        head.headers.forEach { outcome.headers.append("\($0)=\($1)") }
                    case .body(let range): outcome.body += piece[range]
                    case .end:
                        outcome.isEnded = true
                        outcome.excess += piece.count - place
                        break reading
                    }
                }
            } catch {
                outcome.error = error
                return outcome
            }
        }
        outcome.closing = parser.closed()
        outcome.keepsAlive = parser.keepsAlive
        return outcome
    }

    private static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA:b\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x\r\nyou\r\n0\r\nT: r\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 404\r\nConnection: Keep-Alive\r\nContent-Length:0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nab",
        "HTTP/1.1 200 \r\nX: a\r\n b\r\nContent-Length: 2, 2\r\n\r\nab",
    ]

    @Test("an answer means the same however it is cut", arguments: answers)
    func splits(_ answer: String) {
        let bytes = Array(answer.utf8)
        let whole = read([bytes])
        #expect(whole.error == nil)
        #expect(whole.status >= 200)
        for cut in 0...bytes.count {
            let parts = read([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(parts == whole, "cut at \(cut)")
        }
        #expect(read(bytes.map { [$0] }) == whole)
    }

    @Test("bodies end as their framing says")
    func framing() {
        let results = Self.answers.map { read([Array($0.utf8)]) }
        #expect(
            results.map { String(decoding: $0.body, as: UTF8.self) } == [
                "hello", "helloyou", "", "until the end", "ab", "ab",
            ])
        #expect(results.map(\.isEnded) == [true, true, true, false, true, true])
        #expect(results.map(\.keepsAlive) == [true, true, true, false, true, true])
        #expect(results.map(\.closing) == [.complete, .complete, .complete, .complete, .complete, .complete])
        #expect(results[5].headers.first == "X=a b")
    }

    @Test("the peer's close is told apart by where it happens")
    func closings() {
        func closing(_ text: String) -> ResponseParser.Closing? { read([Array(text.utf8)]).closing }
        #expect(closing("") == .noAnswer)
        #expect(closing("HTTP/1.1 200 OK\r\nA: b\r\n") == .noAnswer)
        #expect(closing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell") == .truncated)
        #expect(closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n") == .truncated)
    }

    @Test("bytes after the answer are left over")
    func excess() {
        #expect(read([Array("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK".utf8)]).excess == 15)
    }

    @Test("an answer to HEAD has no body")
    func head() {
        let result = read([Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".utf8)], isHead: true)
        #expect(result.isEnded)
        #expect(result.keepsAlive)
    }

    @Test("a connection is not used again after an answer that could be read in two ways")
    func ambiguous() {
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        let result = read([Array(both.utf8)])
        #expect(result.isEnded)
        #expect(!result.keepsAlive)
    }

    @Test(
        "what breaks the grammar is malformed",
        arguments: [
            "\r\n", "HTTP/2 200 OK\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n",
            "HTTP/1.1 099 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1 200 OK\r\n folded\r\n",
            "HTTP/1.1 200 OK\r\n: empty\r\n", "HTTP/1.1 200 OK\r\nA\0: b\r\n", "HTTP/1.1 200 OK\r\nA: b\rc\r\n",
            "HTTP/1.1 200 OK\r\nA b: c\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        ])
    func malformed(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(read([bytes]).error?.code == "malformed")
        #expect(read(bytes.map { [$0] }).error?.code == "malformed")
    }

    @Test("a space before the colon is dropped")
    func spaceBeforeColon() {
        let result = read([Array("HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nab".utf8)])
        #expect(result.headers == ["Content-Length=2"])
        #expect(result.body == Array("ab".utf8))
    }

    @Test("the limit of the head counts all lines, also an unfinished one")
    func limits() {
        let long = "HTTP/1.1 200 OK\r\nA: " + String(repeating: "x", count: 200)
        #expect(read([Array(long.utf8)], limit: 100).error == .tooLarge(limit: 100))
        let many = "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 40)
        #expect(read([Array(many.utf8)], limit: 100).error == .tooLarge(limit: 100))
        let fields = "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 300)
        #expect(read([Array(fields.utf8)], limit: 100_000).error?.code == "malformed")
    }

    @Test("random bytes end in an error or in more to come, never in a trap")
    func noise() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var bytes = Array(Self.answers.randomElement(using: &generator)?.utf8 ?? "".utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            let whole = read([bytes])
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            let parts = read([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(parts.error?.code == whole.error?.code, "\(bytes)")
            if whole.error == nil { #expect(parts == whole, "\(bytes)") }
        }
    }
}
