package import Contracts
import Dialects
import EventLoop
import HTTPCore
package import HTTPServer
package import Relay

/// Every public route of the gateway; the list is the documentation.
package enum GatewayRoutes {
    /// The modes that have a route, for metrics.
    package static let modes: [RelayMode] = [
        .chatCompletions, .completions, .embeddings, .moderations, .imagesGenerations, .imagesEdits, .audioSpeech,
        .audioTranscription, .audioTranslation, .rerank, .anthropic, .gemini,
        .responses, .responsesGet, .responsesDelete, .responsesCancel, .responsesInputItems,
    ]

    /// Adds the routes to a router.
    package static func add(
        to router: inout Router, relay: Relay, ids: RequestIDSource, edge: EdgeProxy, channelTests: ChannelTestRoutes,
        startedAt: Int64
    ) {
        let inference = InferenceEndpoint(relay: relay, ids: ids)
        let openAI = OpenAIDialect()
        router.on(.post, "/v1/chat/completions", inference.handler(.chatCompletions, openAI))
        router.on(.post, "/v1/completions", inference.handler(.completions, openAI))
        router.on(.post, "/v1/embeddings", inference.handler(.embeddings, openAI))
        router.on(.post, "/v1/engines/:model/embeddings", inference.handler(.embeddings, openAI))
        router.on(.post, "/v1/responses", inference.handler(.responses, ResponsesDialect()))
        router.on(.get, "/v1/responses/:id", inference.handler(.responsesGet, StoredResponseDialect(.get)))
        router.on(.delete, "/v1/responses/:id", inference.handler(.responsesDelete, StoredResponseDialect(.delete)))
        router.on(
            .post, "/v1/responses/:id/cancel", inference.handler(.responsesCancel, StoredResponseDialect(.cancel)))
        router.on(
            .get, "/v1/responses/:id/input_items",
            inference.handler(.responsesInputItems, StoredResponseDialect(.inputItems)))
        router.on(.post, "/v1/moderations", inference.handler(.moderations, openAI))
        router.on(.post, "/v1/rerank", inference.handler(.rerank, openAI))
        router.on(.post, "/v1/images/generations", inference.handler(.imagesGenerations, openAI))
        router.on(.post, "/v1/images/edits", inference.handler(.imagesEdits, FormDialect()))
        router.on(.post, "/v1/images/variations", inference.handler(.imagesEdits, FormDialect(action: "variations")))
        router.on(.post, "/v1/audio/speech", inference.handler(.audioSpeech, openAI))
        router.on(.post, "/v1/audio/transcriptions", inference.handler(.audioTranscription, FormDialect()))
        router.on(.post, "/v1/audio/translations", inference.handler(.audioTranslation, FormDialect()))

        router.on(.post, "/v1/messages", inference.handler(.anthropic, AnthropicDialect()))
        router.on(
            .post, "/v1/messages/count_tokens", inference.handler(.anthropic, AnthropicDialect(counts: true)))

        let gemini = GeminiEndpoint(inference: inference, relay: relay, ids: ids)
        router.on(.post, "/v1beta/models/*model", gemini.call(resource: ""))
        router.on(.post, "/v1/models/*model", gemini.call(resource: ""))
        router.on(.post, "/v1beta/tunedModels/*model", gemini.call(resource: "tunedModels/"))
        router.on(.get, "/v1beta/models", gemini.list)
        router.on(.get, "/v1beta/models/*model", gemini.get)

        let models = ModelsEndpoint(relay: relay, ids: ids)
        router.on(.get, "/v1/models", models.list)
        router.on(.get, "/v1/models/*model", models.get)

        let description = DescriptionEndpoint(ids: ids)
        router.on(.get, "/openapi.json", description.document)
        router.on(.get, "/docs", description.page)

        router.on(.get, "/api/status", StatusEndpoint(startedAt: startedAt, ids: ids).get)
        channelTests.add(to: &router)
        for method in [HTTPMethod.get, .post, .put, .delete, .patch] {
            router.on(method, "/api/*path", label: "/api", edge.forward)
        }
        router.notFound = { request, writer in
            if request.head.method == .options { return try await Preflight.answer(request, writer) }
            let error = RelayError.caller(
                code: .notFound,
                message: "there is nothing at \(request.head.method.rawValue) \(request.head.target.rawPath)",
                field: nil)
            let id = ids.next(arrival: request.receivedAt)
            let body = GeminiEndpoint.isGoogles(request) ? GeminiEndpoint.body(error, id: id) : nil
            try WireAnswer.error(error, request, writer, id: id, body: body)
        }
        router.methodNotAllowed = { request, writer, allowed in
            if request.head.method == .options { return try await Preflight.answer(request, writer) }
            let methods = allowed.map(\.rawValue).joined(separator: ", ")
            let error = RelayError.caller(
                code: .methodNotAllowed,
                message: "\(request.head.target.rawPath) takes \(methods), not \(request.head.method.rawValue)",
                field: nil)
            let id = ids.next(arrival: request.receivedAt)
            let body = GeminiEndpoint.isGoogles(request) ? GeminiEndpoint.body(error, id: id) : nil
            try WireAnswer.error(error, request, writer, id: id, body: body, extra: ["allow": methods])
        }
    }
}
