import JSON

extension APIDescription {
    /// Contract relay §1.2.
    static let relay: [APIOperation] = {
        let api = APISection(.relay, .keyHolder, .gateway)
        let anthropic = APISection(
            .relay, .keyHolder, .gateway, errors: .either(.named("AnthropicError"), .named("Error")))
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
                .post, "/v1/responses", "Responses in OpenAI's protocol",
                body: .json(
                    .object(
                        ["model": .string().nonempty, "input": .any("A text, or a list of items.")],
                        optional: [
                            "stream": .boolean(), "previous_response_id": .string(), "store": .boolean(),
                        ]
                    ).example(["model": "gpt-4o-mini", "input": "hi"])),
                answer: .jsonOrEvents(.object([:], "The response."))),
            api.on(
                .get, "/v1/responses/:id", "A response that its channel keeps",
                answer: .jsonOrEvents(.object([:], "The response."))),
            api.on(
                .delete, "/v1/responses/:id", "Forgets a response", answer: .json(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/responses/:id/cancel", "Cancels a response that is made in the background",
                answer: .json(.object([:], "The response."))),
            api.on(
                .get, "/v1/responses/:id/input_items", "What went into a response",
                answer: .json(.object([:], "The vendor's list."))),
            api.on(
                .post, "/v1/engines/:model/embeddings", "Embeddings, the model in the path",
                body: .json(.object(["input": .any("A text, or a list of texts or tokens.")])),
                answer: .json(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/moderations", "Moderations in OpenAI's protocol",
                body: .json(
                    .object(["model": .string().nonempty, "input": .any("A text, or a list of texts or parts.")])),
                answer: .json(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/rerank", "Documents in the order of what they have to do with a query",
                body: .json(.named("RerankRequest")), answer: .json(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/images/generations", "Images from a prompt, in OpenAI's protocol",
                body: .json(
                    .object(
                        ["model": .string().nonempty, "prompt": .string().nonempty],
                        optional: [
                            "n": .integer(), "size": .string(), "response_format": .string(), "stream": .boolean(),
                        ])), answer: .jsonOrEvents(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/images/edits", "Images from images and a prompt", body: form("image"),
                answer: .jsonOrEvents(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/images/variations", "Images like an image", body: form("image"),
                answer: .json(.object([:], "The vendor's answer."))),
            api.on(
                .post, "/v1/audio/speech", "Speech from text, in OpenAI's protocol",
                body: .json(
                    .object(
                        ["model": .string().nonempty, "input": .string().nonempty],
                        optional: ["voice": .any(), "response_format": .string(), "stream_format": .string()])),
                answer: .other("audio/*", "The sound, or events with `stream_format: sse`.")),
            api.on(
                .post, "/v1/audio/transcriptions", "Text from speech", body: form("file"),
                answer: .jsonOrEvents(.object([:], "The vendor's answer; text for the formats that are text."))),
            api.on(
                .post, "/v1/audio/translations", "English text from speech", body: form("file"),
                answer: .json(.object([:], "The vendor's answer; text for the formats that are text."))),
            anthropic.on(
                .post, "/v1/messages", "Messages in Anthropic's protocol", body: .json(.named("MessagesRequest")),
                answer: .jsonOrEvents(.object([:], "A message, or the events of Anthropic's streams."))),
            anthropic.on(
                .post, "/v1/messages/count_tokens", "Counts the tokens of a request of Anthropic's protocol",
                body: .json(.named("MessagesRequest")), answer: .json(.object(["input_tokens": .integer()]))),
            api.on(
                .get, "/v1/models", "The models that the key may use",
                answer: .json(.object(["object": .choice(["list"]), "data": .array(of: .named("Model"))]))),
            api.on(.get, "/v1/models/*model", "One model", answer: .json(.named("Model"))),
            geminiCall("/v1beta/models/*model", "Calls of Gemini's protocol"),
            geminiCall("/v1/models/*model", "The same"),
            geminiCall("/v1beta/tunedModels/*model", "The same for tuned models"),
            gemini.on(
                .get, "/v1beta/models", "The models that the key may use, in Google's shape",
                query: [
                    .query(
                        "pageSize", .integer(in: 1...1000).otherwise(50), "Models of a page; more than 1000 are 1000."),
                    .query("pageToken", .string(), "The `nextPageToken` of the page before."), keyInQuery,
                ],
                answer: .json(
                    .object(
                        ["models": .array(of: .object(["name": .string()]))], optional: ["nextPageToken": .string()])),
                refuses: [APIRefusal(400, "A `pageSize` that is no number.")]),
            gemini.on(
                .get, "/v1beta/models/*model", "One model, in Google's shape", query: [keyInQuery],
                answer: .json(.object(["name": .string(), "supportedGenerationMethods": .array(of: .string())]))),
        ]
    }()

    private static let keyInQuery = APIParameter.query("key", .string(), "The key, where no header has it.")

    private static let gemini = APISection(
        .relay, .keyHolder, .gateway, errors: .either(.named("GeminiError"), .named("Error")))

    /// A call of Gemini's protocol.
    private static func geminiCall(_ path: String, _ summary: String) -> APIOperation {
        gemini.on(
            .post, path, summary,
            query: [
                .path(
                    "model", .string().nonempty.example("gemini-2.5-flash:generateContent"),
                    "The name of a model and the action."),
                .query("alt", .string(), "`sse` for server-sent events; else a stream is one JSON array."), keyInQuery,
            ],
            body: .json(.object([:], "The request of Google's API for the action.")),
            answer: .jsonOrEvents(
                .either(.object([:], "The answer of Google's API for the action."), .array(of: .object([:])))),
            details:
                "The path ends in `{model}:{action}`; actions are generateContent, streamGenerateContent, countTokens, "
                + "embedContent and batchEmbedContents.")
    }

    /// The form of OpenAI's operations on files.
    private static func form(_ file: String) -> APIBody {
        .other(
            "multipart/form-data",
            .object(["model": .string().nonempty, file: .string("The file.")], "Further fields go to the vendor."))
    }
}
