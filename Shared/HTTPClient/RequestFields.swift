import HTTPCore

/// What both ways of the client add to and keep out of a request's head.
enum RequestFields {
    /// Whether the client alone decides on this field: framing and connection are its business.
    static func isOwned(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 6: name.equalsIgnoringCase("expect")
        case 7: name.equalsIgnoringCase("upgrade")
        case 10: name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("keep-alive")
        case 14: name.equalsIgnoringCase("content-length")
        case 16: name.equalsIgnoringCase("proxy-connection")
        case 17: name.equalsIgnoringCase("transfer-encoding")
        default: false
        }
    }

    /// Whether a request of this method without a body says so with `Content-Length: 0` (RFC 9110 §8.6).
    static func announcesEmptyBody(_ method: HTTPMethod) -> Bool {
        switch method {
        case .post, .put, .patch: true
        default: false
        }
    }

    /// Why a request cannot be sent whatever the way, if so.
    static func refusal(of request: ClientRequest) -> HTTPClientError? {
        guard isSendable(request.method) else { return .invalidRequest("the method cannot be sent") }
        var url = request.url
        return url.withUTF8 { bytes in
            let bytes = unsafe bytes.span
            guard bytes.hasPrefixIgnoringCase("http://") || bytes.hasPrefixIgnoringCase("https://") else {
                return .invalidRequest("the URL does not begin with http:// or https://")
            }
            for place in bytes.indices where bytes[place] <= 0x20 || bytes[place] == 0x7F {
                return .invalidRequest("the URL has a space or a control character")
            }
            return nil
        }
    }

    /// Whether the method can be written on the wire as it is.
    private static func isSendable(_ method: HTTPMethod) -> Bool {
        guard case .other(let name) = method else { return method != .connect }
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte &- 0x41 < 26 || byte &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D || byte == 0x5F
            }
    }
}
