import Contracts
import InferenceModel
import JSON

/// Makes the answers of the debug channel, each in its caller's protocol.
struct FakeAnswer {
    let context: UpstreamContext
    let settings: FakeSettings

    init(_ context: UpstreamContext) {
        self.context = context
        settings = FakeSettings(context.configs)
    }

    private var id: String { "fake-\(context.nonce)" }

    private func whole(_ body: [UInt8], _ usage: TokenUsage?, id: String? = nil) -> ScriptedAnswer {
        .whole(RelayedAnswer(body: body, usage: usage, id: id ?? self.id), after: settings.pause)
    }

    // MARK: Chat

    func inference(_ call: any InferenceCall, _ request: InferenceRequest) -> ScriptedAnswer {
        var context = context
        if call.family == .gemini, let version = settings.modelVersion { context.requestedModel = version }
        if let call = call as? ResponsesCall, call.isStored, settings.keepsResponses {
            context.keptID = context.sealID?("resp_\(context.nonce)")
        }
        return answer(call, request, context)
    }

    private func answer(
        _ call: any InferenceCall, _ request: InferenceRequest, _ context: UpstreamContext
    ) -> ScriptedAnswer {
        let text = settings.answer(to: Self.said(request))
        let thought = settings.thought
        var parts: [Part] = thought.isEmpty ? [] : [.thinking(Thinking(thought))]
        if !text.isEmpty { parts.append(.text(text)) }
        let usage = settings.usage(
            input: TokenEstimate.tokens(of: request), output: TokenEstimate.tokens(of: [thought, text]))
        let response = InferenceResponse(
            id: id, model: context.requestedModel, created: context.now,
            choices: [Choice(parts: parts, finish: settings.finish(call.family))], usage: usage)
        guard call.isStream else { return whole(call.write(response, context), usage) }
        var writer = call.makeEventWriter(context)
        var pieces: [[UInt8]] = []
        for event in response.events.flatMap(cut) {
            var bytes: [UInt8] = []
            writer.write(event, into: &bytes)
            if !bytes.isEmpty { pieces.append(bytes) }
        }
        return .stream(
            ScriptedStream(
                pieces: pieces, pause: settings.pause, usage: usage, id: id, contentType: writer.contentType))
    }

    private func cut(_ event: InferenceEvent) -> [InferenceEvent] {
        switch event {
        case .text(let choice, let text): settings.pieces(text).map { .text(choice: choice, $0) }
        case .thinking(let choice, let text): settings.pieces(text).map { .thinking(choice: choice, $0) }
        default: [event]
        }
    }

    /// What the user said last.
    private static func said(_ request: InferenceRequest) -> String {
        for turn in request.turns.reversed() where turn.role == .user {
            let texts = turn.parts.compactMap { part in
                switch part {
                case .text(let text, _): text
                case .toolResult(let result):
                    result.parts.compactMap { if case .text(let text, _) = $0 { text } else { nil } }
                        .joined(separator: "\n")
                default: nil
                }
            }
            if !texts.isEmpty { return texts.joined(separator: "\n") }
        }
        return ""
    }

    // MARK: Other operations

    func embeddings(_ call: any EmbeddingCall, _ request: EmbeddingRequest) -> ScriptedAnswer {
        let usage = settings.usage(input: TokenEstimate.tokens(of: request.inputs), output: 0)
        let vectors = request.inputs.indices.map { settings.vector($0, length: request.dimensions) }
        let response = EmbeddingResponse(model: context.requestedModel, vectors: vectors, usage: usage)
        return whole(call.write(response, context), usage)
    }

    func rerank(_ request: RerankRequest) -> ScriptedAnswer {
        var request = request
        if let returns = settings.returnsDocuments { request.returnsDocuments = returns }
        let usage = settings.usage(
            input: TokenEstimate.tokens(of: [request.query] + request.documents), output: 0)
        let rows = request.documents.indices.prefix(request.topCount ?? .max).map { place in
            RerankResponse.Row(index: place, score: JSONNumber(settings.score(place)) ?? JSONNumber(0))
        }
        return whole(RerankCall.write(RerankResponse(id: id, rows: rows), to: request, usage, context), usage)
    }

    private static let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    private static let mostImages = 16

    func images(_ request: JSONObject) -> ScriptedAnswer {
        let prompt = request["prompt"]?.string ?? ""
        let count = min(max(request["n"]?.int ?? 1, 1), Self.mostImages)
        let format = request["response_format"]?.string ?? (settings.image("b64_json") == nil ? "url" : "b64_json")
        let input = settings.imageCount("input_tokens") ?? TokenEstimate.tokens(of: [prompt])
        let usage = settings.usage(input: input, output: settings.imageCount("output_tokens") ?? count)
        var json = JSONWriter()
        json.object { root in
            root.field("created", context.now)
            root.key("data")
            root.array { list in
                for _ in 0..<count {
                    list.object { image in
                        if format == "b64_json" {
                            image.field("b64_json", settings.image("b64_json") ?? Self.pixel)
                        } else {
                            image.field("url", settings.image("url") ?? "https://fake.local/image.png")
                        }
                        image.field("revised_prompt", settings.image("revised_prompt") ?? prompt)
                    }
                }
            }
            root.key("usage")
            root.object { counts in
                counts.field("input_tokens", usage.inputTokens)
                counts.field("output_tokens", usage.outputTokens)
                counts.field("total_tokens", usage.totalTokens)
            }
        }
        return whole(json.bytes, usage)
    }

    // MARK: Responses that are asked for again

    func stored(_ call: StoredResponseCall, parser: JSONParser) throws(InvalidRequest) -> ScriptedAnswer {
        guard let id = context.storedID else {
            throw InvalidRequest(message: "no channel keeps this response", field: "response_id")
        }
        let kept = context.sealID?(id) ?? id
        switch call.operation {
        case .delete:
            var json = JSONWriter()
            json.object { root in
                root.field("id", kept)
                root.field("object", "response")
                root.field("deleted", true)
            }
            return whole(json.bytes, nil, id: id)
        case .inputItems:
            return whole(
                Array(#"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#.utf8), nil, id: id
            )
        case .get, .cancel:
            var json = JSONWriter()
            json.object { root in
                root.field("model", "fake-response")
                root.field("input", "")
                root.field("stream", call.isStream)
            }
            let again = try ResponsesCall(json.bytes, parser: parser)
            var context = context
            context.keptID = kept
            if context.requestedModel.isEmpty { context.requestedModel = again.model }
            // What it took was counted when it was made.
            return answer(again, InferenceRequest(model: again.model), context).uncounted
        }
    }
}
