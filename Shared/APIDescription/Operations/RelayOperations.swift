import JSON

extension APIDescription {
    /// Contract relay §1.2.
    static let relay: [APIOperation] = {
        let api = APISection(.relay, .keyHolder, .gateway)
        return [
            api.on(
                .post, "/v1/chat/completions", "Chat completions in OpenAI's protocol",
                body: .json(.named("ChatRequest")),
                answer: .jsonOrEvents(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/completions", "Completions in OpenAI's protocol", body: .json(.named("CompletionRequest")),
                answer: .jsonOrEvents(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/embeddings", "Embeddings in OpenAI's protocol", body: .json(.named("EmbeddingRequest")),
                answer: .json(.object([:], "The vendor's answer."))),
            api.on(
                .get, "/v1/models", "The models that the key may use",
                answer: .json(.object(["object": .choice(["list"]), "data": .array(of: .named("Model"))]))),
            api.on(.get, "/v1/models/*model", "One model", answer: .json(.named("Model"))),
        ]
    }()
}
