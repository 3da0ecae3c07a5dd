/// The method of a request; methods are case-sensitive, so `get` is not `GET`.
package enum HTTPMethod: Hashable, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect
    case other(String)

    /// The method with this exact name.
    package init(_ name: String) {
        self =
            switch name {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PUT": .put
            case "DELETE": .delete
            case "OPTIONS": .options
            case "PATCH": .patch
            case "TRACE": .trace
            case "CONNECT": .connect
            default: .other(name)
            }
    }

    /// The name as it stands on the wire.
    package var rawValue: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other(let name): name
        }
    }

    /// The method named by these bytes; makes no string for the usual ones.
    init(bytes: Span<UInt8>) {
        switch bytes.count {
        case 3 where bytes.equals("GET"): self = .get
        case 3 where bytes.equals("PUT"): self = .put
        case 4 where bytes.equals("POST"): self = .post
        case 4 where bytes.equals("HEAD"): self = .head
        case 5 where bytes.equals("PATCH"): self = .patch
        case 5 where bytes.equals("TRACE"): self = .trace
        case 6 where bytes.equals("DELETE"): self = .delete
        case 7 where bytes.equals("OPTIONS"): self = .options
        case 7 where bytes.equals("CONNECT"): self = .connect
        default: self = .other(bytes.text)
        }
    }
}

/// The protocol versions that are spoken; every other one is refused.
package enum HTTPVersion: Hashable, Sendable {
    case http10, http11
}
