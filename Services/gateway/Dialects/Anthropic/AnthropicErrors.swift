package import HTTPCore
package import InferenceModel
package import JSON

/// Errors in Anthropic's form: `{"type":"error","error":{type,message},"request_id"}` (contract providers §4.7, §4.8).
package enum AnthropicErrors {
    /// The body of an error answer, and the data of an error event.
    package static func body(_ error: WireError) -> [UInt8] {
        var writer = JSONWriter(reserving: 160 + error.message.utf8.count)
        writer.object { root in
            root.field("type", "error")
            root.key("error")
            root.object { member in
                member.field("type", type(of: error))
                member.field("message", message(of: error))
            }
            root.field("request_id", error.requestID)
        }
        return writer.bytes
    }

    /// An upstream's own type where it fits its status, else that of the status.
    private static func type(of error: WireError) -> String {
        if let own = error.upstream?.type, own == overloaded || status(of: own) == error.status { return own }
        return type(of: error.status)
    }

    /// The member at fault stands in front of what is wrong with it, as Anthropic writes it.
    private static func message(of error: WireError) -> String {
        guard let field = error.field, !error.message.contains(field) else { return error.message }
        return "\(field): \(error.message)"
    }

    private static let overloaded = "overloaded_error"

    private static let types: [(status: Int, type: String)] = [
        (400, "invalid_request_error"), (401, "authentication_error"), (402, "billing_error"),
        (403, "permission_error"), (404, "not_found_error"), (413, "request_too_large"), (429, "rate_limit_error"),
        (500, "api_error"), (503, overloaded), (504, "timeout_error"), (529, overloaded),
    ]

    /// The type that belongs to a status.
    static func type(of status: Int) -> String {
        types.first { $0.status == status }?.type ?? (status == 422 ? "invalid_request_error" : "api_error")
    }

    /// The status that belongs to a type; `nil` for one that is not Anthropic's.
    static func status(of type: String) -> Int? {
        types.first { $0.type == type }?.status
    }

    /// Reads an error answer of an upstream that speaks Anthropic's protocol.
    package static func read(
        status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser, errors: VendorErrors = .openAI
    ) -> UpstreamError {
        adjusted(errors.read(status: status, headers: headers, body: body, parser: parser))
    }

    /// What is told by an answer of a good status that is no answer.
    static func inside(_ body: [UInt8], parser: JSONParser, errors: VendorErrors, _ otherwise: String) -> UpstreamError
    {
        let tree = try? parser.parse(body)
        let error = tree.flatMap { errors.hidden(in: $0) ?? read($0) }
        return error ?? AnthropicAnswerReader.bad(otherwise)
    }

    /// Reads the error object of an event, or of an answer whose status was good: its type tells the status.
    static func read(_ tree: JSONValue) -> UpstreamError? {
        guard var error = UpstreamError(status: 500, tree: tree) else { return nil }
        if let own = status(of: error.type) { error.status = own }
        return adjusted(error)
    }

    /// A balance that is used up and a crowded service have statuses that say so (contract relay §2.8).
    private static func adjusted(_ error: UpstreamError) -> UpstreamError {
        var error = error
        if error.code == .null, status(of: error.type) != nil { error.code = .string(error.type) }
        if error.message.contains("balance is too low") {
            error.status = 402
        } else if error.message.contains("Overloaded") || error.status == 529 || error.type == overloaded {
            error.status = 429
        }
        return error
    }
}
