import HTTPCore
import InferenceModel
import JSON

// AWS names its errors in a field of the head, or in the body, or in a header of a frame (contract providers §8, §26).
extension VendorErrors {
    /// An error answer of Bedrock's; any bytes give an error.
    static func bedrock(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        let tree = try? parser.parse(body)
        let name = headers.first("x-amzn-errortype") ?? tree.flatMap(typeName) ?? ""
        var error = UpstreamError(status: status, body: body, parser: parser)
        if let text = tree.flatMap(message) { error.message = text }
        return named(name, error)
    }

    /// An error of Bedrock's inside a good status; `nil` when there is none.
    static func bedrock(in tree: JSONValue) -> UpstreamError? {
        typeName(tree).map { exception($0, message(tree) ?? "") }
    }

    /// An exception in a stream of frames.
    ///
    /// - Parameters:
    ///   - name: Such as `throttlingException`.
    ///   - message: What the frame's headers say; the payload has it else.
    static func exception(_ name: String, message text: String, payload: [UInt8], parser: JSONParser) -> UpstreamError {
        let told = (try? parser.parse(payload)).flatMap { message($0) }
        return exception(name, text.isEmpty ? told ?? "" : text)
    }

    private static func exception(_ name: String, _ message: String) -> UpstreamError {
        let text = message.isEmpty ? "the upstream reported an error without a message" : message
        // The reader of error answers bounds texts.
        let tree: JSONValue = ["message": .string(text)]
        let error = UpstreamError(status: 500, tree: tree)
        return named(name, error ?? UpstreamError(status: 500, message: text, type: "upstream_error"))
    }

    /// The error with its name as the code, and the status that the name stands for.
    private static func named(_ name: String, _ error: UpstreamError) -> UpstreamError {
        var error = error
        // `aws.protocoltests#ThrottlingException:http://…`
        let bare = name.split(separator: "#").last?.split(separator: ":").first.map { $0.prefix(100) } ?? ""
        if !bare.isEmpty { error.code = .string(String(bare)) }
        if let status = status(of: bare.lowercased()) { error.status = status }
        if error.message.contains("Operation not allowed") { error.status = 403 }
        // A refused signature is explained with all that was signed, session tokens among it.
        if let secret = error.message.firstRange(of: "The Canonical String") {
            error.message = String(error.message[..<secret.lowerBound].prefix { $0 != "\n" })
        }
        return error
    }

    private static func status(of name: String) -> Int? {
        switch name {
        case "throttlingexception", "modelnotreadyexception", "servicequotaexceededexception": 429
        case "accessdeniedexception": 403
        case "resourcenotfoundexception": 404
        case "validationexception": 400
        case "modeltimeoutexception": 408
        case "serviceunavailableexception": 503
        case "internalserverexception", "modelstreamerrorexception", "modelerrorexception": 500
        default: nil
        }
    }

    private static func typeName(_ tree: JSONValue) -> String? {
        tree["__type"]?.string ?? tree["Output"]?["__type"]?.string
    }

    private static func message(_ tree: JSONValue) -> String? {
        guard let text = tree["message"]?.string ?? tree["Message"]?.string, !text.isEmpty else { return nil }
        return text
    }
}
