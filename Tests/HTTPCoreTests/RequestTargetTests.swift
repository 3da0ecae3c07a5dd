import HTTPCore
import Testing

@Suite struct RequestTargetTests {
    @Test("path and query are told apart")
    func parts() throws {
        let target = try RequestTarget("/a/b?x=1?y")
        #expect(target.rawPath == "/a/b")
        #expect(target.rawQuery == "x=1?y")
        #expect(try RequestTarget("/a?").rawQuery == "")
        #expect(try RequestTarget("/a").rawQuery == nil)
    }

    @Test("several leading slashes count as one")
    func slashes() throws {
        let target = try RequestTarget("///v1/models")
        #expect(target.rawPath == "/v1/models")
        #expect(target.raw == "///v1/models")
        #expect(try RequestTarget("//").rawPath == "/")
    }

    @Test("segments are decoded one by one")
    func segments() throws {
        #expect(try RequestTarget("/a%2Fb/c%20d//e/").segments == ["a/b", "c d", "e"])
        #expect(try RequestTarget("/").segments == [])
        #expect(try RequestTarget("/%E4%BD%A0").segments == ["\u{4F60}"])
        #expect(try RequestTarget("/a+b").segments == ["a+b"])
        #expect(try RequestTarget("/...").segments == ["..."])
        #expect(try RequestTarget("/.a/b.").segments == [".a", "b."])
    }

    @Test("query values are decoded, the first one counts")
    func query() throws {
        let target = try RequestTarget("/?a=1+2&b=%26&a=3&c&=x&d=100%")
        #expect(target.query("a") == "1 2")
        #expect(target.queryAll("a") == ["1 2", "3"])
        #expect(target.query("b") == "&")
        #expect(target.query("c") == "")
        #expect(target.query("d") == "100%")
        #expect(target.query("e") == nil)
    }

    @Test("an absolute target is read for its path")
    func absolute() throws {
        #expect(try RequestTarget("http://h:80//a?b").rawPath == "/a")
        #expect(try RequestTarget("HTTPS://[::1]/a").rawPath == "/a")
        #expect(try RequestTarget("http://h").rawPath == "/")
        let bare = try RequestTarget("https://h?q=1")
        #expect(bare.rawPath == "/")
        #expect(bare.query("q") == "1")
    }

    @Test(
        "a target that could be read in two ways is refused",
        arguments: [
            "", "a", "/a b", "/%", "/%0", "/%g0", "/%00", "/a/../b", "/a/%2e", "/.", "/a\\b", "/a#b", "http://",
            "/\u{E9}", "*",
        ])
    func refused(_ text: String) {
        #expect(throws: RequestFault.self) { try RequestTarget(text) }
    }
}
