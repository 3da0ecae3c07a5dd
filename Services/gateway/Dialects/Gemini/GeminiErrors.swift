import HTTPCore
import InferenceModel
import JSON

/// Errors in Google's form: `{"error":{code,message,status}}` (contract providers §5.7, §26).
enum GeminiErrors {
    /// The body of an error answer, or the object of an error event.
    static func body(_ error: WireError) -> [UInt8] {
        var json = JSONWriter(reserving: 256 + error.message.utf8.count)
        json.object { json in
            json.key("error")
            json.object { json in
                json.field("code", error.status)
                json.field("message", error.message)
                json.field("status", word(error))
                writeDetails(error, &json)
            }
            if error.upstream != nil { json.field("aiproxy", error.requestID) }
        }
        return json.bytes
    }

    /// An upstream's own word when it is one of Google's, else that of the status.
    private static func word(_ error: WireError) -> String {
        if let type = error.upstream?.type, words.contains(type) { return type }
        switch error.status {
        case 401: return "UNAUTHENTICATED"
        case 402, 403: return "PERMISSION_DENIED"
        case 404, 405: return "NOT_FOUND"
        case 408, 504: return "DEADLINE_EXCEEDED"
        case 409: return "ABORTED"
        case 429: return "RESOURCE_EXHAUSTED"
        case 499: return "CANCELLED"
        case 501: return "UNIMPLEMENTED"
        case 502, 503, 529: return "UNAVAILABLE"
        case 500...: return "INTERNAL"
        default: return "INVALID_ARGUMENT"
        }
    }

    /// The codes of google.rpc.Code.
    private static let words: Set<String> = [
        "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
        "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    ]

    /// The member at fault and the wait that the upstream asked for, in the forms of google.rpc.BadRequest and RetryInfo.
    private static func writeDetails(_ error: WireError, _ json: inout JSONWriter) {
        let wait = error.upstream?.retryAfter
        guard error.field != nil || wait != nil else { return }
        json.key("details")
        json.array { json in
            if let field = error.field { json.object { violation(field, error.message, &$0) } }
            if let wait {
                json.object { json in
                    json.field("@type", "type.googleapis.com/google.rpc.RetryInfo")
                    json.field("retryDelay", seconds(wait))
                }
            }
        }
    }

    private static func violation(_ field: String, _ message: String, _ json: inout JSONWriter) {
        json.field("@type", "type.googleapis.com/google.rpc.BadRequest")
        json.key("fieldViolations")
        json.array { json in
            json.object { json in
                json.field("field", field)
                json.field("description", message)
            }
        }
    }

    /// A duration as Google's JSON has it: `12s`, `0.250s`.
    private static func seconds(_ wait: Duration) -> String {
        let (whole, atto) = wait.components
        let thousandths = atto / 1_000_000_000_000_000
        let digits = String(1000 + thousandths).dropFirst()
        return thousandths == 0 ? "\(whole)s" : "\(whole).\(digits)s"
    }

    /// Reads an error of Google's, also in an array of one; the word of its status becomes the type. A key that is not valid is told by Google as 400.
    static func read(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError {
        let error = UpstreamError(status: status, body: body, parser: parser)
        guard let tree = try? parser.parse(body) else { return error }
        return refined(error, tree)
    }

    /// Reads an error inside an answer or a stream; `nil` when there is none.
    static func read(_ tree: JSONValue) -> UpstreamError? {
        let object = tree.array?.first ?? tree
        guard let inside = object["error"], !inside.isNull else { return nil }
        let error =
            UpstreamError(status: 500, tree: object)
            ?? UpstreamError(
                status: 500, message: "the upstream told an error without a message", type: "upstream_error")
        return refined(error, object)
    }

    private static func refined(_ error: UpstreamError, _ tree: JSONValue) -> UpstreamError {
        var error = error
        guard let inside = (tree.array?.first ?? tree)["error"] else { return error }
        if let word = inside["status"]?.string, words.contains(word) { error.type = word }
        if error.status == 400, isBadKey(inside) { error.status = 401 }
        return error
    }

    private static func isBadKey(_ error: JSONValue) -> Bool {
        (error["details"]?.array ?? []).contains { $0["reason"]?.string == "API_KEY_INVALID" }
    }
}
