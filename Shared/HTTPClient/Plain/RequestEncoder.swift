import HTTPCore

/// Writes the head of a request. Pure.
enum RequestEncoder {
    /// How the body follows the head.
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    static func framing(of request: ClientRequest) -> Framing {
        switch request.body {
        case .none: RequestFields.announcesEmptyBody(request.method) ? .length(0) : .none
        case .bytes(let bytes): .length(bytes.count)
        case .stream(let length?, _): .length(length)
        case .stream(nil, _): .chunked
        }
    }

    /// Appends the whole head, with the empty line.
    static func append(_ request: ClientRequest, to target: PlainTarget, into output: inout [UInt8]) {
        output.append(contentsOf: request.method.rawValue.utf8)
        output.append(contentsOf: target.requestLineEnd)
        if !request.headers.contains("Host") { output.append(contentsOf: target.hostField) }
        request.headers.forEachBytes { name, value in
            guard !RequestFields.isOwned(name) else { return }
            output.append(name)
            output.append(0x3A)
            output.append(0x20)
            output.append(value)
            output.append(0x0D)
            output.append(0x0A)
        }
        switch framing(of: request) {
        case .none: output.append(contentsOf: "\r\n".utf8)
        case .chunked: output.append(contentsOf: "Transfer-Encoding: chunked\r\n\r\n".utf8)
        case .length(let length):
            output.append(contentsOf: "Content-Length: ".utf8)
            output.append(contentsOf: String(length).utf8)
            output.append(contentsOf: "\r\n\r\n".utf8)
        }
    }
}
