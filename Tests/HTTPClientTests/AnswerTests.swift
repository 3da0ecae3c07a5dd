import HTTPCore
import Testing

@testable import HTTPClient

@Suite("Answers that are well-formed", .timeLimit(.minutes(1)))
struct AnswerTests {
    @Test("a body with a length is read", arguments: Way.allCases)
    func length(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            let request = try peer.readRequest()
            try peer.answer(request.head.hasPrefix("GET /a?b=c HTTP/1.1\r\n") ? "hello" : "wrong")
        }
        let url = server.url + "/a?b=c"
        let answer = try await withClient(way) { try await $0.fetch(.get(url)) }
        #expect(answer.status == 200)
        #expect(answer.body == "hello")
    }

    @Test("a chunked body is decoded, its trailers are dropped", arguments: Way.allCases)
    func chunked(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n")
            try peer.send("6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n")
        }
        let url = server.url
        let (headers, body) = try await withClient(way) { client in
            let response = try await client.begin(.get(url)).response()
            let body = try await response.collect(upTo: 100)
            return (response.headers, body)
        }
        #expect(body == Array("hello world".utf8))
        #expect(headers.first("x-sum") == nil)
    }

    @Test("a body without length ends with the connection", arguments: Way.allCases)
    func closeDelimited(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
        }
        let url = server.url
        let answer = try await withClient(way) { try await $0.fetch(.get(url)) }
        #expect(answer.body == "hello")
    }

    @Test("an answer that comes byte by byte is read", arguments: Way.allCases)
    func dripped(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            let text = "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            for byte in text.utf8 { try peer.send([byte]) }
        }
        let url = server.url
        let answer = try await withClient(way) { try await $0.fetch(.get(url)) }
        #expect(answer.body == "abcde")
    }

    @Test("answers with 1xx are skipped", arguments: Way.allCases)
    func interim(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            try peer.answer("final", status: "201 Created")
        }
        let url = server.url
        let (status, body, link) = try await withClient(way) { client in
            let response = try await client.begin(.get(url)).response()
            return (response.status, try await response.collect(upTo: 100), response.headers.contains("link"))
        }
        #expect(status == 201)
        #expect(body == Array("final".utf8))
        #expect(!link)
    }

    @Test("HEAD, 204 and 304 have no body, whatever their length says", arguments: Way.allCases)
    func bodiless(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            while true {
                let head = try peer.readRequest().head
                let status = head.hasPrefix("HEAD") ? "200 OK" : head.contains("/204") ? "204 No" : "304 Not Modified"
                let length = head.contains("/204") ? "" : "Content-Length: 10\r\n"
                try peer.send("HTTP/1.1 \(status)\r\n\(length)\r\n")
            }
        }
        let url = server.url
        try await withClient(way) { client in
            var head = ClientRequest.get(url)
            head.method = .head
            for request in [head, .get(url + "/204"), .get(url + "/304")] {
                let answer = try await client.fetch(request)
                #expect(answer.body == "")
            }
        }
        #expect(server.connections == 1)
    }

    @Test("a redirect is an answer, not followed", arguments: Way.allCases)
    func redirect(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.answer("", status: "302 Found", headers: "Location: /elsewhere\r\n")
        }
        let url = server.url
        let (status, location) = try await withClient(way) { client in
            let response = try await client.begin(.get(url)).response()
            return (response.status, response.headers.first("location"))
        }
        #expect(status == 302)
        #expect(location == "/elsewhere")
        #expect(server.requests == 1)
    }

    @Test("a compressed body is handed over as it is", arguments: Way.allCases)
    func raw(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.answer("not really gzip", headers: "Content-Encoding: gzip\r\n")
        }
        let url = server.url
        let answer = try await withClient(way) { try await $0.fetch(.get(url)) }
        #expect(answer.body == "not really gzip")
    }

    @Test("duplicate headers keep their order, folded ones are joined", arguments: Way.allCases)
    func headers(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.answer("", headers: "Set-Cookie: a\r\nX-Fold: one\r\n  two\r\nSet-Cookie: b\r\nX-Empty:\r\n")
        }
        let url = server.url
        let headers = try await withClient(way) { try await $0.begin(.get(url)).response().headers }
        #expect(headers.all("set-cookie") == ["a", "b"])
        #expect(headers.first("x-fold") == "one two")
        #expect(headers.first("x-empty") == "")
    }

    @Test("only the headers of the caller are sent, with Host and no Expect", arguments: Way.allCases)
    func sentHeaders(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            let head = try peer.readRequest().head
            try peer.answer(head)
        }
        let url = server.url + "/x"
        let echoed = try await withClient(way) { client in
            var request = ClientRequest.post(url, .bytes([UInt8](repeating: 65, count: 2_000_000)))
            request.headers.append("Authorization", "Bearer k")
            request.headers.append("X-Empty", "")
            request.headers.append("Content-Length", "7")
            request.headers.append("Transfer-Encoding", "chunked")
            request.headers.append("Expect", "100-continue")
            return try await client.fetch(request).body
        }
        var lines = echoed.split(separator: "\r\n").map { $0.lowercased().trimmed }.sorted()
        lines.removeAll { $0.hasPrefix("host: 127.0.0.1:") }
        #expect(
            lines == [
                "authorization: bearer k", "content-length: 2000000", "content-type: application/octet-stream",
                "post /x http/1.1", "x-empty",
            ])
    }

    @Test("a request without body announces none where the method expects one", arguments: Way.allCases)
    func emptyBodies(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            while true { try peer.answer(try peer.readRequest().head) }
        }
        let url = server.url
        try await withClient(way) { client in
            for method in [HTTPMethod.post, .put, .patch, .delete, .get, .options, .other("PURGE")] {
                let head = try await client.fetch(ClientRequest(method: method, url: url)).body.lowercased()
                #expect(head.hasPrefix("\(method.rawValue.lowercased()) / http/1.1\r\n"))
                #expect(head.contains("content-length: 0") == [.post, .put, .patch].contains(method))
            }
        }
    }
}

extension String {
    /// Without colons and spaces at the end: an empty value may be written with or without a space.
    fileprivate var trimmed: String {
        String(self[...(lastIndex { $0 != ":" && $0 != " " } ?? startIndex)])
    }
}
