import HTTPCore
import Testing

private func encode(
    _ status: HTTPStatus, _ headers: HTTPHeaders = [:], _ framing: ResponseFraming = .none,
    _ connection: ConnectionNotice = .implied, date: String = ""
) -> String {
    var bytes: [UInt8] = []
    ResponseEncoder.append(
        ResponseHead(status: status, headers: headers), framing: framing, connection: connection,
        date: Array(date.utf8).span,
        to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

@Suite struct ResponseEncoderTests {
    @Test("a head has its status line, its fields, and the server's own")
    func head() {
        #expect(
            encode(.ok, ["x": "y"], .length(12), .close, date: "D")
                == "HTTP/1.1 200 OK\r\nx: y\r\ndate: D\r\ncontent-length: 12\r\nconnection: close\r\n\r\n")
        #expect(encode(599, [:], .chunked) == "HTTP/1.1 599 Status\r\ntransfer-encoding: chunked\r\n\r\n")
        #expect(
            encode(.noContent, [:], .none, .keepAlive) == "HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n")
        #expect(encode(.ok, [:], .length(0)) == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }

    @Test("fields about framing and connection belong to the server")
    func owned() {
        let headers: HTTPHeaders = [
            "Content-Length": "9", "TRANSFER-ENCODING": "gzip", "connection": "upgrade", "Keep-Alive": "1",
            "Upgrade": "x", "Date": "E",
        ]
        #expect(
            encode(.ok, headers, .length(1), date: "D") == "HTTP/1.1 200 OK\r\nDate: E\r\ncontent-length: 1\r\n\r\n")
    }

    @Test("dates are in the format of HTTP")
    func dates() {
        func text(_ seconds: Int64) -> String {
            String(decoding: HTTPDate.bytes(secondsSince1970: seconds), as: UTF8.self)
        }
        #expect(text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(text(1_709_164_799) == "Wed, 28 Feb 2024 23:59:59 GMT")
        #expect(text(1_709_164_800) == "Thu, 29 Feb 2024 00:00:00 GMT")
        #expect(text(4_102_444_800) == "Fri, 01 Jan 2100 00:00:00 GMT")
        #expect(text(-1) == "Wed, 31 Dec 1969 23:59:59 GMT")
    }

    @Test("codes outside three digits cannot be sent")
    func codes() {
        #expect(HTTPStatus(code: 99) == .internalServerError)
        #expect(HTTPStatus(code: 1000) == .internalServerError)
        #expect(HTTPStatus.noContent.forbidsBody)
        #expect(!HTTPStatus.ok.forbidsBody)
    }
}
