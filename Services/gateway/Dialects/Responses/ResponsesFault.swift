import InferenceModel
import JSON

/// Failures inside a good status: of a response, and of a stream (contract providers §6.4).
enum ResponsesFault {
    /// The failure that a response, or an event, tells; `nil` when it tells none.
    static func read(_ tree: JSONValue) -> UpstreamError? {
        let response = tree["response"] ?? tree
        if tree["type"]?.string == "error" {
            // The fields stand in the event itself, or in an `error` object.
            return fault(tree["error"]?.object == nil ? tree : tree["error"] ?? tree)
        }
        if response["status"]?.string == "failed" { return fault(response["error"] ?? .null) }
        guard let error = response["error"], response["output"] == nil else { return nil }
        if error.object != nil { return fault(error) }
        return UpstreamError(status: 502, tree: response)
    }

    /// The error of an upstream that does not answer in the protocol; `what` is an object of the sentence.
    static func foreign(_ what: String) -> UpstreamError {
        UpstreamError(
            status: 502, message: "the upstream answered \(what)", type: "upstream_error",
            code: .string(UpstreamError.badResponse))
    }

    /// The error of a stream that failed without a reason.
    static let silent = UpstreamError(
        status: 502, message: "the upstream failed without saying why", type: "upstream_error",
        code: .string(UpstreamError.badResponse))

    /// The error of a stream whose event is over the limit.
    static func tooLarge(_ limit: Int) -> UpstreamError {
        UpstreamError(
            status: 502, message: "an event of the upstream's stream is larger than \(limit) bytes",
            type: "upstream_error", code: .string(UpstreamError.badResponse))
    }

    /// Appends the event that tells an error in a stream.
    static func append(_ error: WireError, _ frames: inout ResponsesFrames, to out: inout [UInt8]) {
        frames.append("error", to: &out) { root in
            root.field("code", error.upstream?.code.string ?? error.code)
            root.field("message", error.message)
            root.field("param", error.upstream?.param ?? .null)
        }
    }

    private static func fault(_ error: JSONValue) -> UpstreamError {
        let code = error["code"] ?? .null
        let message = error["message"]?.string ?? ""
        return UpstreamError(
            status: status(code) ?? status(error["type"] ?? .null) ?? 502,
            message: message.isEmpty ? "the upstream failed without saying why" : String(message.prefix(4096)),
            type: error["type"]?.string.flatMap { $0 == "error" ? nil : $0 } ?? "upstream_error", code: code,
            param: error["param"] ?? .null)
    }

    /// The status that a code, or a type, stands for; `nil` for an unknown one.
    private static func status(_ code: JSONValue) -> Int? {
        if let number = code.int ?? code.string.flatMap({ Int($0) }), (400...599).contains(number) { return number }
        switch code.string {
        case "rate_limit_exceeded", "too_many_requests": return 429
        case "invalid_request_error", "bad_request", "invalid_prompt", "context_length_exceeded": return 400
        case "insufficient_quota": return 402
        // Pictures of the caller's that are wrong, or cannot be had.
        case "empty_image_file", "failed_to_download_image", "unsupported_image_media_type": return 400
        case let word?:
            return word.hasPrefix("image_") || word.hasPrefix("invalid_") && word.contains("image") ? 400 : nil
        case nil: return nil
        }
    }
}
