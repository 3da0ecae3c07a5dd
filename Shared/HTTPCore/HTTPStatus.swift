/// The status of an answer.
package struct HTTPStatus: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// The three-digit code.
    package var code: UInt16

    /// The status with this code; codes outside 100…999 cannot be sent and become 500.
    package init(code: UInt16) {
        self.code = (100...999).contains(code) ? code : 500
    }

    /// The status with this code, as `let status: HTTPStatus = 200` makes it.
    package init(integerLiteral code: UInt16) {
        self.init(code: code)
    }

    /// 100 Continue.
    package static let `continue`: HTTPStatus = 100
    /// 200 OK.
    package static let ok: HTTPStatus = 200
    /// 201 Created.
    package static let created: HTTPStatus = 201
    /// 202 Accepted.
    package static let accepted: HTTPStatus = 202
    /// 204 No Content.
    package static let noContent: HTTPStatus = 204
    /// 206 Partial Content.
    package static let partialContent: HTTPStatus = 206
    /// 301 Moved Permanently.
    package static let movedPermanently: HTTPStatus = 301
    /// 302 Found.
    package static let found: HTTPStatus = 302
    /// 304 Not Modified.
    package static let notModified: HTTPStatus = 304
    /// 400 Bad Request.
    package static let badRequest: HTTPStatus = 400
    /// 401 Unauthorized.
    package static let unauthorized: HTTPStatus = 401
    /// 402 Payment Required.
    package static let paymentRequired: HTTPStatus = 402
    /// 403 Forbidden.
    package static let forbidden: HTTPStatus = 403
    /// 404 Not Found.
    package static let notFound: HTTPStatus = 404
    /// 405 Method Not Allowed.
    package static let methodNotAllowed: HTTPStatus = 405
    /// 406 Not Acceptable.
    package static let notAcceptable: HTTPStatus = 406
    /// 408 Request Timeout.
    package static let requestTimeout: HTTPStatus = 408
    /// 409 Conflict.
    package static let conflict: HTTPStatus = 409
    /// 410 Gone.
    package static let gone: HTTPStatus = 410
    /// 412 Precondition Failed.
    package static let preconditionFailed: HTTPStatus = 412
    /// 413 Content Too Large.
    package static let contentTooLarge: HTTPStatus = 413
    /// 414 URI Too Long.
    package static let uriTooLong: HTTPStatus = 414
    /// 415 Unsupported Media Type.
    package static let unsupportedMediaType: HTTPStatus = 415
    /// 417 Expectation Failed.
    package static let expectationFailed: HTTPStatus = 417
    /// 422 Unprocessable Content.
    package static let unprocessableContent: HTTPStatus = 422
    /// 429 Too Many Requests.
    package static let tooManyRequests: HTTPStatus = 429
    /// 431 Request Header Fields Too Large.
    package static let headerFieldsTooLarge: HTTPStatus = 431
    /// 499 Client Closed Request.
    package static let clientClosedRequest: HTTPStatus = 499
    /// 500 Internal Server Error.
    package static let internalServerError: HTTPStatus = 500
    /// 501 Not Implemented.
    package static let notImplemented: HTTPStatus = 501
    /// 502 Bad Gateway.
    package static let badGateway: HTTPStatus = 502
    /// 503 Service Unavailable.
    package static let serviceUnavailable: HTTPStatus = 503
    /// 504 Gateway Timeout.
    package static let gatewayTimeout: HTTPStatus = 504
    /// 505 HTTP Version Not Supported.
    package static let versionNotSupported: HTTPStatus = 505

    /// The phrase that follows the code on the wire; clients ignore it.
    package var reason: String {
        switch code {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 424: "Failed Dependency"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 499: "Client Closed Request"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 529: "Overloaded"
        default: "Status"
        }
    }

    /// Whether an answer with this status never has a body (1xx, 204, 304).
    package var forbidsBody: Bool {
        code < 200 || code == 204 || code == 304
    }
}
