import JSON

extension APIDescription {
    /// What the relay takes and gives. Bodies go to the vendor as they are, so members that are not named here are welcome.
    static let relaySchemas: [(name: String, schema: APISchema)] = [
        (
            "ChatRequest",
            .object(
                ["model": .string("A name of `/v1/models`.").nonempty, "messages": .array(of: .object([:]))],
                optional: ["stream": .boolean()], "OpenAI's chat completions."
            ).example(["model": "gpt-4o-mini", "messages": [["role": "user", "content": "hi"]]])
        ),
        (
            "MessagesRequest",
            .object(
                ["model": .string("A name of `/v1/models`.").nonempty, "messages": .array(of: .object([:]))],
                optional: ["max_tokens": .integer(), "stream": .boolean()], "Anthropic's messages."
            ).example([
                "model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": [["role": "user", "content": "hi"]],
            ])
        ),
        (
            "CompletionRequest",
            .object(
                ["model": .string().nonempty], optional: ["prompt": .any(), "stream": .boolean()],
                "OpenAI's completions.")
        ),
        (
            "EmbeddingRequest",
            .object(
                ["model": .string().nonempty, "input": .any("A text, or a list of texts or tokens.")],
                "OpenAI's embeddings."
            ).example(["model": "text-embedding-3-small", "input": "hi"])
        ),
        (
            "RerankRequest",
            .object(
                [
                    "model": .string().nonempty, "query": .any("A text, or an object with a text or an image."),
                    "documents": .array(of: .any("A text, or an object with a text or an image.")),
                ], optional: ["top_n": .integer(), "return_documents": .boolean()], "Jina's and Cohere's rerank."
            ).example(["model": "rerank", "query": "hi", "documents": ["hello", "bye"]])
        ),
        (
            "Model",
            .object(
                [
                    "id": .string("The name to call it by."), "object": .choice(["model"]), "created": .integer(),
                    "owned_by": text,
                ], optional: ["root": text, "parent": .any()])
        ),
    ]
}
