import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's Responses protocol as callers speak it: `POST /v1/responses` (contract providers §6).
package struct ResponsesDialect: CallerDialect {
    package init() {}

    package func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall {
        try ResponsesCall(request.body, parser: parser)
    }

    package func write(_ error: WireError) -> [UInt8] {
        OpenAIErrors.body(error)
    }
}

/// A call for a response.
package final class ResponsesCall: InferenceCall {
    package var family: ProtocolFamily { .responses }
    package var model: String { request.model }
    package var isStream: Bool { request.isStream }
    package var user: String { request.user }
    /// The response that the conversation goes on from; its channel must serve the call.
    package let storedID: String?
    let request: OpenAIRequest
    /// Whether the caller wants the response to be kept; unless it says otherwise, it does.
    let isStored: Bool

    /// Reads what every call needs.
    ///
    /// - Throws: `InvalidRequest` as `OpenAIRequest`, and for a `previous_response_id` that is no text.
    package init(_ body: [UInt8], parser: JSONParser) throws(InvalidRequest) {
        request = try OpenAIRequest(body, parser: parser)
        storedID = try request.text("previous_response_id")
        isStored = try request.flag("store") ?? true
    }

    package func neutral(parser: JSONParser) throws(InvalidRequest) -> InferenceRequest {
        let tree: JSONValue
        do {
            tree = try parser.parse(request.body)
        } catch {
            throw InvalidRequest(message: "the request body is not valid JSON: \(error.message)", field: nil)
        }
        do throws(Malformed) {
            return try ResponsesReader.read(tree.object ?? JSONObject(), model: model, isStream: isStream)
        } catch {
            throw error.invalidRequest
        }
    }

    package func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8] {
        ResponsesWriter(self, context).whole(response)
    }

    package func makeEventWriter(_ context: UpstreamContext) -> any EventWriter {
        ResponsesEventWriter(ResponsesWriter(self, context))
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        let edits = context.storedID.map { [(name: "previous_response_id", text: $0)] } ?? []
        let body = request.body(
            upstreamModel: wire.traits.modelName.written(context.upstreamModel), replacing: edits)
        let headers = isStream ? OpenAIExchange.streamHeaders : OpenAIExchange.plainHeaders
        return ResponsesExchange(
            UpstreamBody(body, headers: headers), .create(isStream: isStream, isStored: isStored), context,
            errors: wire.traits.errors)
    }
}

/// A call about a response that a channel keeps: read it, delete it, cancel it, list what went into it (contract providers §6.5).
package struct StoredResponseDialect: CallerDialect {
    /// What is done with the response.
    package enum Operation: String, Sendable {
        case get, delete, cancel, inputItems
    }

    private let operation: Operation

    package init(_ operation: Operation) {
        self.operation = operation
    }

    package func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall {
        guard let id = request.pathModel, !id.isEmpty else {
            throw InvalidRequest(message: "the path names no response", field: "response_id")
        }
        return StoredResponseCall(operation, id: id, query: request.query)
    }

    package func write(_ error: WireError) -> [UInt8] {
        OpenAIErrors.body(error)
    }
}

/// A call about a kept response; it goes to the channel that made it, and nowhere else.
package final class StoredResponseCall: CallerCall {
    package var family: ProtocolFamily { .responses }
    /// The channel knows; the call names none.
    package var model: String { "" }
    package let isStream: Bool
    package var user: String { "" }
    package let storedID: String?
    let operation: StoredResponseDialect.Operation
    private let query: String?

    init(_ operation: StoredResponseDialect.Operation, id: String, query: String?) {
        self.operation = operation
        self.query = query
        storedID = id
        isStream = query.map { $0.split(separator: "&").contains("stream=true") } ?? false
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        guard let id = context.storedID else {
            throw InvalidRequest(message: "no channel keeps this response", field: "response_id")
        }
        let path = "/" + PathText.escaped(id)
        let body =
            switch operation {
            case .get: UpstreamBody([], query: query, method: .get, suffix: path)
            case .inputItems: UpstreamBody([], query: query, method: .get, suffix: path + "/input_items")
            case .delete: UpstreamBody([], method: .delete, suffix: path)
            case .cancel: UpstreamBody([], method: .post, suffix: path + "/cancel")
            }
        return ResponsesExchange(body, .stored(operation, id: id), context, errors: wire.traits.errors)
    }
}
