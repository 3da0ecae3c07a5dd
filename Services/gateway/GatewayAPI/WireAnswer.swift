import Dialects
import HTTPCore
import HTTPServer
import JSON
import Relay

/// Small JSON answers with the fields that every answer of the gateway has.
enum WireAnswer {
    /// An error in the form of a body that is given, else Anthropic's for its clients, else OpenAI's.
    static func error(
        _ error: RelayError, _ request: ServerRequest, _ writer: ResponseWriter, id: String, body: [UInt8]? = nil,
        extra: HTTPHeaders = [:]
    ) throws(WriteError) {
        var headers = AnswerHeaders.make(request, id: id, contentType: jsonType)
        extra.forEach { headers.append($0, $1) }
        try writer.respond(
            HTTPStatus(code: UInt16(clamping: error.status)), headers, body ?? self.body(error, request, id: id))
    }

    private static func body(_ error: RelayError, _ request: ServerRequest, id: String) -> [UInt8] {
        AnswerHeaders.isAnthropics(request)
            ? AnthropicErrors.body(error.wire(requestID: id)) : error.openAIBody(requestID: id)
    }

    /// A JSON answer.
    static func json(
        _ status: HTTPStatus, _ request: ServerRequest, _ writer: ResponseWriter, id: String, _ body: [UInt8]
    ) throws(WriteError) {
        try writer.respond(status, AnswerHeaders.make(request, id: id, contentType: jsonType), body)
    }

    /// The content type of those answers.
    static let jsonType = "application/json; charset=utf-8"
}
