import CLinux
import EventLoop
import Glibc
import HTTPCore
import Testing

@testable import HTTPClient

@Suite("TLS", .timeLimit(.minutes(1)))
struct SecureTests {
    /// `openssl s_server -www` with a fresh certificate for `localhost`.
    private struct SecureServer {
        let directory: TemporaryDirectory
        let process: ChildProcess
        let port: UInt16
        var url: String { "https://localhost:\(port)/" }
        var certificate: String { directory.path + "/cert.pem" }

        init() throws {
            directory = try TemporaryDirectory()
            let certificate = [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ]
            guard try ChildProcess(certificate, in: directory.path).wait() else { throw HostileFault.ended }
            port = try freePort()
            process = try ChildProcess(
                [
                    "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "cert.pem", "-key", "key.pem",
                    "-www", "-quiet",
                ], in: directory.path)
            try waitUntilListening(port)
        }
    }

    @Test("a certificate nobody trusts is refused")
    func selfSigned() async throws {
        let server = try SecureServer()
        let url = server.url
        let error = try await withClient { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(.get(url)) }
        }
        #expect(error?.code == "tls")
        #expect(error?.isBeforeRequest == true)
    }

    @Test("the same certificate passes when the check is off, and only for that request")
    func unverified() async throws {
        let server = try SecureServer()
        let url = server.url
        try await withClient { client in
            var request = ClientRequest.get(url)
            request.verifiesTLS = false
            let answer = try await client.fetch(request)
            #expect(answer.status == 200)
            #expect(answer.body.contains("s_server"))
            let error = await failure { () async throws(HTTPClientError) in try await client.fetch(.get(url)) }
            #expect(error?.code == "tls")
        }
    }

    @Test("the same certificate passes when it is trusted, but not under another name")
    func trusted() async throws {
        let server = try SecureServer()
        let url = server.url
        let file = server.certificate
        try await withClient(configure: { $0.caFile = file }) { client in
            let answer = try await client.fetch(.get(url))
            #expect(answer.status == 200)
            let other = url.replacing("localhost", with: "127.0.0.1")
            let error = await failure { () async throws(HTTPClientError) in try await client.fetch(.get(other)) }
            #expect(error?.code == "tls")
        }
    }

    @Test("a server that does not speak TLS is a TLS error")
    func plain() async throws {
        let server = try HostileServer { peer, _ in
            try peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.waitForClose()
        }
        let url = "https://127.0.0.1:\(server.port)/"
        let error = try await withClient { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(.get(url)) }
        }
        #expect(error?.code == "tls")
    }

    @Test("a handshake that stalls runs into the connect limit")
    func stalled() async throws {
        let server = try HostileServer { peer, _ in peer.waitForClose() }
        var request = ClientRequest.get("https://127.0.0.1:\(server.port)/")
        request.timeouts = ClientTimeouts(connect: .milliseconds(80))
        let asked = request
        let error = try await withClient { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(asked) }
        }
        #expect(error == .timedOut(.connect))
    }
}

@Suite("Proxies", .timeLimit(.minutes(1)))
struct ProxyTests {
    @Test("a plain request goes to an HTTP proxy with its whole URL")
    func http() async throws {
        let proxy = try HostileServer { peer, _ in
            while true {
                let head = try peer.readRequest().head
                try peer.answer(String(head.prefix { $0 != "\r\n" }))
            }
        }
        var request = ClientRequest.get("http://upstream.invalid/path")
        request.proxy = proxy.url
        let asked = request
        let body = try await withClient { try await $0.fetch(asked).body }
        #expect(body == "GET http://upstream.invalid/path HTTP/1.1")
    }

    @Test("a secure request asks an HTTP proxy for a tunnel, whose refusal is a connect error")
    func tunnelRefused() async throws {
        let proxy = try HostileServer { peer, _ in
            let head = try peer.readHead()
            let status = head.hasPrefix("CONNECT upstream.invalid:443 ") ? "403 Forbidden" : "500 Wrong"
            try peer.answer("", status: status)
        }
        var request = ClientRequest.get("https://upstream.invalid/")
        request.proxy = proxy.url
        let asked = request
        let error = try await withClient { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(asked) }
        }
        guard case .connect(let text)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(text.contains("403"))
    }

    @Test("a SOCKS5 proxy carries a request and resolves its name")
    func socks() async throws {
        let proxy = try HostileServer { peer, _ in
            let greeting = try peer.read(2)
            _ = try peer.read(Int(greeting[1]))
            try peer.send([5, 0])
            let request = try peer.read(5)
            let name = String(decoding: try peer.read(Int(request[4])), as: UTF8.self)
            _ = try peer.read(2)
            try peer.send([5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
            try peer.readRequest()
            try peer.answer(name)
        }
        var request = ClientRequest.get("http://upstream.invalid/")
        request.proxy = "socks5h://127.0.0.1:\(proxy.port)"
        let asked = request
        let body = try await withClient { try await $0.fetch(asked).body }
        #expect(body == "upstream.invalid")
    }

    @Test("a proxy that is not there is a connect error, one without address a resolve error")
    func absent() async throws {
        try await withClient { client in
            for (proxy, code) in [("http://127.0.0.1:1", "connect"), ("http://no-such-proxy.invalid:80", "resolve")] {
                var request = ClientRequest.get("http://127.0.0.1:1/")
                request.proxy = proxy
                let asked = request
                let error = await failure { () async throws(HTTPClientError) in try await client.fetch(asked) }
                #expect(error?.code == code)
            }
        }
    }

    @Test("the environment names no proxy")
    func environment() async throws {
        unsafe _ = setenv("http_proxy", "http://127.0.0.1:1", 1)
        unsafe _ = setenv("ALL_PROXY", "http://127.0.0.1:1", 1)
        defer {
            unsafe _ = unsetenv("http_proxy")
            unsafe _ = unsetenv("ALL_PROXY")
        }
        let server = try echoServer()
        let url = server.url
        let status = try await withClient(.curl) { try await $0.fetch(.get(url)).status }
        #expect(status == 200)
    }
}

/// A port on which nothing listened a moment ago.
private func freePort() throws -> UInt16 {
    let server = try HostileServer { _, _ in }
    server.stop()
    return server.port
}

private func waitUntilListening(_ port: UInt16) throws {
    for _ in 0..<500 {
        if connects(port) { return }
        pause(milliseconds: 10)
    }
    throw HostileFault.ended
}

private func connects(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, clinux_SOCK_STREAM, 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
