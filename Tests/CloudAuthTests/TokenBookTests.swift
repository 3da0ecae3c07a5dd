import EventLoop
import HTTPClient
import HTTPCore
import InferenceModel
import Testing

@testable import CloudAuth

@Suite("Token book")
struct TokenBookTests {
    private func at(_ seconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: UInt64(seconds) * 1_000_000_000) }

    private func issued(_ token: String, _ seconds: Int, margin: Duration = .seconds(300)) throws -> IssuedToken {
        var grant = Fixture.plain
        grant.margin = margin
        return try IssuedToken(
            grant, status: 200, body: Array(#"{"access_token":"\#(token)","expires_in":\#(seconds)}"#.utf8))
    }

    @Test("one fetches, others wait, all get the token until five minutes before its end")
    func life() throws {
        var book = TokenBook(limit: 4)
        #expect(book.ask("a", at: at(0)) == .fetch)
        #expect(book.ask("a", at: at(1)) == .wait)
        #expect(book.ask("b", at: at(1)) == .fetch)
        #expect(book.token("a", at: at(1)) == nil)
        book.ended("a", .success(try issued("t", 3600)), at: at(2))
        #expect(book.ask("a", at: at(3301)) == .token("t"))
        #expect(book.token("a", at: at(3301)) == "t" && book.token("a", at: at(3302)) == nil)
        #expect(book.ask("a", at: at(3302)) == .fetch)
    }

    @Test("a token that lives shorter than the margin is used for half its life")
    func short() throws {
        var book = TokenBook(limit: 4)
        _ = book.ask("a", at: at(0))
        book.ended("a", .success(try issued("t", 60)), at: at(0))
        #expect(book.token("a", at: at(29)) == "t" && book.token("a", at: at(30)) == nil)
    }

    @Test("a refusal answers for a second, a fault not at all")
    func failures() {
        var book = TokenBook(limit: 4)
        let refusal = TokenError.refused(status: 400, reason: "invalid_grant")
        _ = book.ask("a", at: at(0))
        book.ended("a", .failure(refusal), at: at(5))
        #expect(book.ask("a", at: at(5)) == .failed(refusal))
        #expect(book.ask("a", at: at(6)) == .fetch)
        book.ended("a", .failure(.transport(.truncated)), at: at(7))
        #expect(book.ask("a", at: at(7)) == .fetch)
    }

    @Test("a token that was refused is dropped; one that came since stays")
    func drop() throws {
        var book = TokenBook(limit: 4)
        _ = book.ask("a", at: at(0))
        book.drop("a", "t")
        #expect(book.ask("a", at: at(0)) == .wait)
        book.ended("a", .success(try issued("t", 3600)), at: at(0))
        book.drop("a", "older")
        #expect(book.token("a", at: at(1)) == "t")
        book.drop("a", "t")
        #expect(book.ask("a", at: at(1)) == .fetch)
    }

    @Test("the book never grows beyond its limit: what ended goes, then what ends first; fetches stay")
    func bound() throws {
        var book = TokenBook(limit: 3)
        for (key, life) in [("a", 4000), ("b", 2000), ("c", 3000)] {
            _ = book.ask(key, at: at(0))
            book.ended(key, .success(try issued(key, life)), at: at(0))
        }
        #expect(book.ask("d", at: at(1)) == .fetch)
        #expect(book.token("b", at: at(1)) == nil && book.token("c", at: at(1)) == "c")
        #expect(book.ask("e", at: at(1)) == .fetch && book.ask("f", at: at(1)) == .fetch)
        #expect(book.count == 3)
        #expect(book.ask("g", at: at(1)) == .failed(.transport(.exhausted)))
        #expect(book.ask("d", at: at(1)) == .wait)
    }
}

/// Grants for tests.
enum Fixture {
    /// In the manner of OAuth's client credentials.
    static let plain = TokenGrant(
        address: "https://issuer.test/token?grant_type=client_credentials&client_id=id-1&client_secret=sec-2",
        request: .plain(.post))

    /// In the manner of Google.
    static func account(_ pem: String, address: String = "https://issuer.test/token") -> TokenGrant {
        TokenGrant(
            address: address,
            request: .assertion(
                ServiceAccount(email: "a@p.test", keyID: "k1", privateKey: pem, scope: "https://scope.test/all")))
    }
}
