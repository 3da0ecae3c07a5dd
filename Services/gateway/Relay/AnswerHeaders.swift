package import HTTPCore
package import HTTPServer

/// The fields that every answer of the gateway has.
package enum AnswerHeaders {
    /// The content type, the request id, and for a browser's page the permission to read them.
    package static func make(_ request: ServerRequest, id: String, contentType: String) -> HTTPHeaders {
        var headers: HTTPHeaders = ["content-type": contentType, "x-request-id": id]
        if isAnthropics(request) { headers.append("request-id", id) }
        allowOrigin(request, &headers)
        return headers
    }

    /// Whether a request is of a client of Anthropic's protocol: it names a version, and looks for the id of its request under Anthropic's name.
    package static func isAnthropics(_ request: ServerRequest) -> Bool {
        request.head.headers.contains("anthropic-version")
    }

    /// Lets a page of any origin read the answer (contract relay §1.1); the key, not the origin, is what protects it. Nothing for other callers.
    package static func allowOrigin(_ request: ServerRequest, _ headers: inout HTTPHeaders) {
        guard request.head.headers.contains("origin") else { return }
        headers.append("access-control-allow-origin", "*")
        headers.append("access-control-expose-headers", "x-request-id, retry-after")
    }
}
