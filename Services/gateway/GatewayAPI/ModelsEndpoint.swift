import HTTPCore
import HTTPServer
import JSON
import Relay
import Routing

/// `GET /v1/models` and `/v1/models/{model}`: what the caller may use (contract relay §1.2).
struct ModelsEndpoint: Sendable {
    let relay: Relay
    let ids: RequestIDSource

    /// The reference gives this time for every model.
    private static let created = 1_626_777_600

    @Sendable func list(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let id = ids.next(arrival: request.receivedAt)
        do throws(RelayError) {
            let (caller, table) = try relay.authenticate(request)
            if AnswerHeaders.isAnthropics(request) {
                let body = try AnthropicModelList.list(table.models(for: caller), request)
                try? WireAnswer.json(.ok, request, writer, id: id, body)
                return
            }
            var json = JSONWriter(reserving: 4096)
            json.object { root in
                root.field("object", "list")
                root.key("data")
                root.array { data in
                    for model in table.models(for: caller) {
                        Self.write(model, table, &data)
                    }
                }
            }
            try? WireAnswer.json(.ok, request, writer, id: id, json.bytes)
        } catch {
            relay.countRefusal(error)
            try? WireAnswer.error(error, request, writer, id: id)
        }
    }

    @Sendable func get(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let id = ids.next(arrival: request.receivedAt)
        let name = request.parameters["model"] ?? ""
        do throws(RelayError) {
            let (caller, table) = try relay.authenticate(request)
            guard let model = table.canonicalModel(name, for: caller) else {
                throw .caller(code: .modelNotFound, message: "the model '\(name)' does not exist", field: "model")
            }
            var json = JSONWriter()
            if AnswerHeaders.isAnthropics(request) {
                AnthropicModelList.write(model, &json)
            } else {
                Self.write(model, table, &json)
            }
            try? WireAnswer.json(.ok, request, writer, id: id, json.bytes)
        } catch {
            relay.countRefusal(error)
            try? WireAnswer.error(error, request, writer, id: id)
        }
    }

    private static func write(_ model: String, _ table: RoutingTable, _ json: inout JSONWriter) {
        json.object { row in
            row.field("id", model)
            row.field("object", "model")
            row.field("created", created)
            row.field("owned_by", table.owner(of: model) ?? "switchboard")
            row.field("root", model)
            row.key("parent")
            row.null()
        }
    }
}
