import CLibCurl
import EventLoop
import HTTPCore
import Testing

@testable import HTTPClient

@Suite("Requests on the wire")
struct PlainTargetTests {
    @Test(
        "a plain URL is taken apart",
        arguments: [
            ("http://example.com", "example.com", 80, "/", "example.com"),
            ("HTTP://Example.com:8080/a/b?c=d&e#frag", "Example.com", 8080, "/a/b?c=d&e", "Example.com:8080"),
            ("http://example.com?x=y", "example.com", 80, "/?x=y", "example.com"),
            ("http://example.com#f", "example.com", 80, "/", "example.com"),
            ("http://127.0.0.1:1/%20/../x", "127.0.0.1", 1, "/%20/../x", "127.0.0.1:1"),
            ("http://[::1]/x", "::1", 80, "/x", "[::1]"),
            ("http://[fe80::1.2.3.4]:99", "fe80::1.2.3.4", 99, "/", "[fe80::1.2.3.4]:99"),
            ("http://a_b-c.d:80/", "a_b-c.d", 80, "/", "a_b-c.d:80"), ("http://host:/x", "host", 80, "/x", "host"),
        ] as [(String, String, UInt16, String, String)])
    func parts(_ url: String, _ host: String, _ port: UInt16, _ target: String, _ field: String) throws {
        let parsed = try #require(PlainTarget(url))
        #expect(parsed.host == host)
        #expect(parsed.port == port)
        #expect(String(decoding: parsed.requestLineEnd, as: UTF8.self) == " \(target) HTTP/1.1\r\n")
        #expect(String(decoding: parsed.hostField, as: UTF8.self) == "Host: \(field)\r\n")
    }

    @Test(
        "every other URL is left to libcurl",
        arguments: [
            "https://example.com/", "http:/example.com", "http://", "http:///x", "http://:80/", "http://user@host/",
            "http://user:pass@host/", "http://host:0/", "http://host:65536/", "http://host:8a/", "http://[::1/",
            "http://[::1]x/",
            "http://[fe80::1%25eth0]/", "http://höst/", "http://host/ü", "http://ho st/", "http://host/\u{7F}",
            "http://host\\x/", "",
        ])
    func others(_ url: String) {
        #expect(PlainTarget(url) == nil)
    }

    private func encoded(_ request: ClientRequest) throws -> String {
        var output: [UInt8] = []
        RequestEncoder.append(request, to: try #require(PlainTarget(request.url)), into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("a head has the caller's fields in order, and the client's framing")
    func heads() throws {
        var request = ClientRequest(
            method: .post, url: "http://h/p", headers: ["B": "2", "connection": "close", "A": ""])
        #expect(try encoded(request) == "POST /p HTTP/1.1\r\nHost: h\r\nB: 2\r\nA: \r\nContent-Length: 0\r\n\r\n")
        request.body = .bytes([1, 2, 3])
        #expect(try encoded(request).hasSuffix("\r\nContent-Length: 3\r\n\r\n"))
        request.body = .stream(length: 7) { nil }
        #expect(try encoded(request).hasSuffix("\r\nContent-Length: 7\r\n\r\n"))
        request.body = .stream(length: nil) { nil }
        #expect(try encoded(request).hasSuffix("\r\nTransfer-Encoding: chunked\r\n\r\n"))
        request = ClientRequest(method: .get, url: "http://h/p", headers: ["host": "other"])
        #expect(try encoded(request) == "GET /p HTTP/1.1\r\nhost: other\r\n\r\n")
    }

    @Test("a method that is no token is refused, and so is CONNECT")
    func methods() {
        for method in [HTTPMethod.connect, .other(""), .other("GE T"), .other("A\r\nB")] {
            let refusal = RequestFields.refusal(of: ClientRequest(method: method, url: "http://h/"))
            #expect(refusal?.code == "invalid_request")
        }
        #expect(RequestFields.refusal(of: ClientRequest(method: .other("PROPFIND"), url: "http://h/")) == nil)
    }

    @Test("addresses written out need no resolver")
    func literals() throws {
        #expect(SocketAddress(literal: "127.0.0.1", port: 1)?.family == 2)
        #expect(SocketAddress(literal: "::1", port: 1)?.family == 10)
        #expect(SocketAddress(literal: "localhost", port: 1) == nil)
    }
}

@Suite("Results of libcurl")
struct CurlFaultTests {
    private func code(_ result: CURLcode, _ text: String = "", _ stage: TransferMachine.Stage = .waiting) -> String? {
        CurlFault.map(result, text: text, stage: stage, headerLimit: 7)?.code
    }

    @Test("the result, the stage and the text decide")
    func table() {
        #expect(code(CURLE_OK) == nil)
        #expect(code(CURLE_COULDNT_RESOLVE_HOST, "", .connecting) == "resolve")
        #expect(code(CURLE_COULDNT_RESOLVE_PROXY, "", .connecting) == "resolve")
        #expect(code(CURLE_COULDNT_CONNECT, "", .connecting) == "connect")
        #expect(code(CURLE_PROXY, "", .connecting) == "connect")
        #expect(code(CURLE_PEER_FAILED_VERIFICATION, "", .connecting) == "tls")
        #expect(code(CURLE_SSL_CONNECT_ERROR, "", .connecting) == "tls")
        #expect(code(CURLE_OPERATION_TIMEDOUT, "", .connecting) == "timeout_connect")
        #expect(code(CURLE_PARTIAL_FILE, "", .receiving) == "truncated")
        #expect(code(CURLE_UNSUPPORTED_PROTOCOL, "", .connecting) == "invalid_request")
        #expect(code(CURLE_UNSUPPORTED_PROTOCOL) == "malformed")
        #expect(code(CURLE_WEIRD_SERVER_REPLY) == "malformed")
        #expect(code(CURLE_GOT_NOTHING) == "reset")
        #expect(code(CURLE_SEND_ERROR) == "reset")
        #expect(code(CURLE_RECV_ERROR, "Connection reset by peer", .receiving) == "reset")
        #expect(code(CURLE_RECV_ERROR, "Illegal size in chunked-encoding", .receiving) == "malformed")
        #expect(code(CURLE_RECV_ERROR, "SSL: unexpected eof while reading", .receiving) == "truncated")
        #expect(code(CURLE_RECV_ERROR, "HTTP code 403 from proxy after CONNECT", .connecting) == "connect")
        #expect(code(CURLE_OUT_OF_MEMORY) == "too_large")
    }
}

@Suite("Errors of the client")
struct HTTPClientErrorTests {
    @Test("every error has a code of its own, and tells whether the upstream can have begun")
    func codes() {
        let errors: [HTTPClientError] = [
            .resolve(""), .connect(""), .tls(""), .timedOut(.connect), .timedOut(.firstByte), .timedOut(.idle),
            .timedOut(.total), .reset(""), .truncated, .tooLarge(limit: 1), .malformed(""), .requestBody(""),
            .cancelled, .invalidRequest(""), .exhausted, .addressRefused,
        ]
        #expect(Set(errors.map(\.code)).count == errors.count)
        let before = errors.filter(\.isBeforeRequest).map(\.code)
        #expect(
            before == [
                "resolve", "connect", "tls", "timeout_connect", "invalid_request", "exhausted", "address_refused",
            ])
    }
}
