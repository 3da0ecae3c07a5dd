import HTTPCore
import Testing

@testable import HTTPServer

private func answer(_ text: String) -> Handler {
    { request, response in
        let parameters = request.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        try response.respond(
            .ok, ["x-route": request.route ?? ""], Array(([text] + parameters).joined(separator: " ").utf8))
    }
}

private func makeRouter() -> Router {
    var router = Router()
    router.on(.get, "/", answer("root"))
    router.on(.get, "/v1/models", answer("models"))
    router.on(.get, "/v1/models/:model", label: "one", answer("model"))
    router.on(.get, "/v1/models/list", answer("list"))
    router.on(.post, "/v1/models", answer("create"))
    router.on(.get, "/a/:x/c", answer("axc"))
    router.on(.get, "/a/b/d", answer("abd"))
    router.on(.get, "/files/*rest", answer("files"))
    router.on(.get, "/files/known", answer("known"))
    return router
}

@Suite struct RouterTests {
    @Test(
        "paths find their handlers",
        arguments: [
            ("/", "root"), ("//", "root"), ("/v1/models", "models"), ("/v1/models/", "models"),
            ("//v1//models?x=1", "models"),
            ("/v1/models/gpt-4o", "model model=gpt-4o"), ("/v1/models/meta%2Fllama", "model model=meta/llama"),
            ("/v1/models/list", "list"), ("/v1/mod%65ls", "models"), ("/a/b/c", "axc x=b"), ("/a/b/d", "abd"),
            ("/files/x/y%20z/", "files rest=x/y z"), ("/files/known", "known"),
            ("/files/known/x", "files rest=known/x"),
        ])
    func finds(_ path: String, _ expected: String) async throws {
        let router = makeRouter()
        try await RunningServer.with {
            try await router.handle($0, $1)
        } _: { running in
            let client = try running.client()
            client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().body == expected)
        }
    }

    @Test("unknown paths are 404, known ones with another method 405 with what is allowed, HEAD is GET")
    func misses() async throws {
        let router = makeRouter()
        try await RunningServer.with {
            try await router.handle($0, $1)
        } _: { running in
            let client = try running.client()
            for path in ["/v2", "/v1", "/v1/models/a/b", "/files", "/a/b"] {
                client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try client.answer().status == 404, "\(path)")
            }
            client.send("DELETE /v1/models HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 405)
            #expect(answer.headers.first("allow") == "GET, HEAD, POST")
            client.send("HEAD /v1/models/x HTTP/1.1\r\nHost: h\r\n\r\n")
            let head = try client.answer(toHead: true)
            #expect(head.status == 200)
            #expect(head.headers.first("x-route") == "one")
        }
    }

    @Test("the answers for misses can be set")
    func ownMisses() async throws {
        var router = makeRouter()
        router.notFound = { _, response in try response.respond(.ok, [:], Array("nothing".utf8)) }
        router.methodNotAllowed = { _, response, methods in
            try response.respond(.ok, [:], Array("only \(methods.map(\.rawValue))".utf8))
        }
        let set = router
        try await RunningServer.with {
            try await set.handle($0, $1)
        } _: { running in
            let client = try running.client()
            client.send("GET /none HTTP/1.1\r\nHost: h\r\n\r\nPUT / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().body == "nothing")
            #expect(try client.answer().body == #"only ["GET", "HEAD"]"#)
        }
    }
}

@Suite struct AddressRangeTests {
    @Test("blocks contain their addresses and no others")
    func contains() throws {
        func holds(_ range: String, _ address: String) throws -> Bool {
            try #require(AddressRange(range)).contains(try #require(PeerAddress(address)))
        }
        #expect(try holds("10.0.0.0/8", "10.255.1.2"))
        #expect(try !holds("10.0.0.0/8", "11.0.0.1"))
        #expect(try holds("0.0.0.0/0", "1.2.3.4"))
        #expect(try !holds("0.0.0.0/0", "::1"))
        #expect(try holds("::/0", "1.2.3.4"))
        #expect(try holds("2001:db8::/32", "2001:db8:ffff::1"))
        #expect(try !holds("2001:db8::/32", "2001:db9::1"))
        #expect(try holds("fe80::1", "[fe80::1%eth0]"))
        #expect(try holds("::ffff:127.0.0.1", "127.0.0.1"))
        #expect(try holds("192.168.1.128/25", "192.168.1.200"))
        #expect(try !holds("192.168.1.128/25", "192.168.1.100"))
    }

    @Test(
        "what is neither an address nor a block is refused",
        arguments: ["", "x", "1.2.3", "1.2.3.4/33", "::1/129", "1.2.3.4/-1", "1.2.3.4/x"])
    func refused(_ text: String) { #expect(AddressRange(text) == nil) }

    @Test("addresses read as they are written", arguments: ["127.0.0.1", "2001:db8::1", "::1"])
    func texts(_ text: String) { #expect(PeerAddress(text)?.description == text) }
}
