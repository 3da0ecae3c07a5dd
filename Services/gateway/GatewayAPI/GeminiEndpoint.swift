import Contracts
import Dialects
import HTTPCore
import HTTPServer
import JSON
import Relay
import Routing

/// The routes of Gemini's protocol: `{model}:{action}`, and the list of models in Google's shape (contracts providers §5.1, relay §1.2).
///
/// The key may also stand in the query, as Google's clients send it; it is read and never kept.
struct GeminiEndpoint: Sendable {
    let inference: InferenceEndpoint
    let relay: Relay
    let ids: RequestIDSource

    private static let dialect = GeminiDialect()

    // MARK: Calls

    /// The handler of calls.
    ///
    /// - Parameter resource: What stands before the model in its name: empty, or `tunedModels/`.
    func call(resource: String) -> Handler {
        { request, writer in
            let id = ids.next(arrival: request.receivedAt)
            guard let call = Self.parse(request.parameters["model"] ?? "", resource: resource) else {
                let error = RelayError.caller(
                    code: .notFound,
                    message: "there is nothing at POST \(request.head.target.rawPath); the path must end in "
                        + "{model}:{action}, with one of "
                        + GeminiAction.allCases.map(\.rawValue).joined(separator: ", "),
                    field: nil)
                return try WireAnswer.error(error, request, writer, id: id, body: Self.body(error, id: id))
            }
            let mode: RelayMode =
                switch call.action {
                case .generate, .stream, .count: .gemini
                case .embed, .embedBatch: .embeddings
                }
            let scope = CallScope(
                id: id, mode: mode, dialect: Self.dialect, request: request, pathModel: call.model,
                action: call.action.rawValue, takesKeyInQuery: true)
            await inference.answer(scope, writer)
        }
    }

    /// The model and the action of a path; `nil` for a path without a known one. A model's name may hold colons and slashes.
    static func parse(_ path: String, resource: String) -> (model: String, action: GeminiAction)? {
        guard let colon = path.lastIndex(of: ":"),
            let action = GeminiAction(rawValue: String(path[path.index(after: colon)...]))
        else { return nil }
        let model = resource + name(String(path[..<colon]))
        return model == resource ? nil : (model, action)
    }

    /// A model's name without the collection that Google puts before it.
    private static func name(_ text: String) -> String {
        text.hasPrefix("models/") ? String(text.dropFirst(7)) : text
    }

    // MARK: Models

    /// `GET /v1beta/models`.
    @Sendable func list(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let id = ids.next(arrival: request.receivedAt)
        do throws(RelayError) {
            let (caller, table) = try relay.authenticate(request, takesKeyInQuery: true)
            let body = try GeminiModelList.page(table.models(for: caller), request.head.target)
            try? WireAnswer.json(.ok, request, writer, id: id, body)
        } catch {
            refuse(error, request, writer, id: id)
        }
    }

    /// `GET /v1beta/models/{model}`.
    @Sendable func get(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let id = ids.next(arrival: request.receivedAt)
        let name = Self.name(request.parameters["model"] ?? "")
        do throws(RelayError) {
            let (caller, table) = try relay.authenticate(request, takesKeyInQuery: true)
            guard let model = table.canonicalModel(name, for: caller) else {
                throw .caller(code: .modelNotFound, message: "the model '\(name)' does not exist", field: nil)
            }
            var json = JSONWriter()
            GeminiModelList.write(model, &json)
            try? WireAnswer.json(.ok, request, writer, id: id, json.bytes)
        } catch {
            refuse(error, request, writer, id: id)
        }
    }

    private func refuse(_ error: RelayError, _ request: ServerRequest, _ writer: ResponseWriter, id: String) {
        relay.countRefusal(error)
        try? WireAnswer.error(error, request, writer, id: id, body: Self.body(error, id: id))
    }

    // MARK: Errors

    /// Whether a path belongs to Google's protocol, whatever stands there.
    static func isGoogles(_ request: ServerRequest) -> Bool {
        request.head.target.rawPath.hasPrefix("/v1beta/")
    }

    /// The body of an error in Google's shape.
    static func body(_ error: RelayError, id: String) -> [UInt8] {
        dialect.write(error.wire(requestID: id))
    }
}
