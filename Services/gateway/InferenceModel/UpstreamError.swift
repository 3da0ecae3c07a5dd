package import JSON

/// An upstream's error, in the terms of OpenAI's error object (contract providers §3.5, relay §2.8).
package struct UpstreamError: Error, Equatable, Sendable {
    /// The status for the caller; 400 to 599.
    package var status: Int
    package var message: String
    package var type: String
    /// Text, number or `null`, as the upstream wrote it.
    package var code: JSONValue
    package var param: JSONValue
    /// The wait that the error itself asks for, from 0 to a day; one in the answer's headers goes before it.
    package var retryAfter: Duration?

    package init(status: Int, message: String, type: String, code: JSONValue = .null, param: JSONValue = .null) {
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param
    }

    /// The code of an answer that could not be read, as the reference has it (contract relay §2.8).
    package static let badResponse = "bad_response"

    /// An answer of a good status that is none of what was asked for.
    ///
    /// - Parameter what: What it was, as the end of "the upstream answered …".
    package static func foreign(_ what: String) -> UpstreamError {
        UpstreamError(
            status: 502, message: "the upstream answered \(what)", type: "upstream_error", code: .string(badResponse))
    }

    /// No message taken from an upstream is longer.
    private static let maxMessage = 4096

    /// Reads an error answer; any bytes give an error.
    ///
    /// - Parameters:
    ///   - status: The status of the answer; one that is no error status becomes 502, unless the body names a better one.
    ///   - body: The bytes of the answer.
    package init(status: Int, body: [UInt8], parser: JSONParser) {
        let base = (400...599).contains(status) ? status : 502
        guard let tree = try? parser.parse(body), let error = Self(status: base, tree: tree) else {
            let text = String(decoding: body.prefix(Self.maxMessage), as: UTF8.self)
            let trimmed = Self.trimmed(text)
            self.init(
                status: base,
                message: trimmed.isEmpty ? "the upstream answered status \(status) without a body" : trimmed,
                type: "upstream_error", code: .string(Self.badResponse), param: .int(status))
            return
        }
        self = error
    }

    /// Reads an error object; `nil` when the value holds no error.
    ///
    /// A whole-number `code` from 400 to 599 replaces the status.
    package init?(status: Int, tree: JSONValue) {
        let unwrapped = tree.array?.first ?? tree
        guard unwrapped.object != nil else { return nil }
        if let error = unwrapped["error"], error.object != nil, let message = Self.text(error["message"]) {
            self.init(
                status: Self.status(in: error["code"]) ?? status, message: Self.cut(message),
                type: Self.text(error["type"]) ?? "upstream_error", code: error["code"] ?? .null,
                param: error["param"] ?? .null)
        } else if let message = Self.text(unwrapped["error"]) {
            let code = unwrapped["code"] ?? .null
            self.init(
                status: Self.status(in: code) ?? status, message: Self.cut(message),
                type: Self.text(unwrapped["error_type"]) ?? "upstream_error", code: code)
        } else if let message = Self.text(unwrapped["message"]) ?? Self.text(unwrapped["msg"])
            ?? Self.detail(unwrapped["detail"]) ?? Self.text(unwrapped["errors"]?[0]?["message"])
        {
            let code = unwrapped["code"] ?? .null
            self.init(
                status: Self.status(in: code) ?? status, message: Self.cut(message), type: "upstream_error", code: code)
        } else {
            return nil
        }
        if message.hasPrefix("tools is not supported in this model.") { self.status = 400 }
        retryAfter = Self.wait(unwrapped["error"]?["details"]?.array ?? [])
    }

    /// Google's `RetryInfo` (google.rpc): `"retryDelay": "12.5s"` in one of the details.
    private static func wait(_ details: [JSONValue]) -> Duration? {
        for detail in details {
            guard let text = detail["retryDelay"]?.string, text.hasSuffix("s"),
                let seconds = Double(text.dropLast()), seconds >= 0
            else { continue }
            return .milliseconds(Int64(min(seconds, 86_400) * 1000))
        }
        return nil
    }

    private static func text(_ value: JSONValue?) -> String? {
        guard let text = value?.string, !text.isEmpty else { return nil }
        return text
    }

    /// A text, or the first of a list of what is wrong with members of the request (Jina and others on FastAPI, contract providers §19).
    private static func detail(_ value: JSONValue?) -> String? {
        guard let fault = value?[0] else { return text(value) }
        guard let message = text(fault["msg"]) else { return nil }
        let place = (fault["loc"]?.array ?? []).compactMap { $0.string ?? $0.int.map(String.init) }
        return place.isEmpty ? message : "\(place.joined(separator: ".")): \(message)"
    }

    private static func status(in code: JSONValue?) -> Int? {
        let number = code?.int ?? code?.string.flatMap { Int($0) }
        guard let number, (400...599).contains(number) else { return nil }
        return number
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= maxMessage ? text : String(decoding: text.utf8.prefix(maxMessage), as: UTF8.self)
    }

    private static func trimmed(_ text: String) -> String {
        let space: (Character) -> Bool = { $0.isWhitespace }
        return String(text.drop(while: space).reversed().drop(while: space).reversed())
    }
}
