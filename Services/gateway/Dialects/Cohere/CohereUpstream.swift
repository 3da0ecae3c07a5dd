import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Cohere's chat protocol in its second version, `POST /v2/chat` (contract providers §16, which prefers it to the first).
///
/// A model with `-internet` at the end of its name searched the web through a connector of the first version. The second has none and Cohere has switched them off, so that such a
/// model is refused in words: an answer without the search that was asked for would be a silent lie.
package struct CohereUpstream: UpstreamDialect {
    package init() {}

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        guard !request.model.hasSuffix("-internet") else {
            throw InvalidRequest(
                message: "the model `\(context.requestedModel)` cannot be had: Cohere no longer searches the web",
                field: "model")
        }
        var json = JSONWriter(reserving: 2048)
        var writer = CohereRequestWriter(request)
        writer.write(into: &json)
        var body = UpstreamBody(json.bytes, headers: CohereHeaders.request(isStream: request.isStream))
        body.toolNames = writer.names.changed
        return body
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        return try CohereAnswer.read(tree, context)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        CohereEventReader(context)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        CohereAnswer.readError(status: status, body: body, parser: parser)
    }
}

/// The fields of requests in Cohere's protocols.
enum CohereHeaders {
    static func request(isStream: Bool = false) -> HTTPHeaders {
        [
            "content-type": "application/json",
            "accept": isStream ? "text/event-stream, application/json" : "application/json",
        ]
    }
}

/// What Cohere's answers and the events of its streams have in common.
enum CohereAnswer {

    /// Reads an error answer, `{"message"}`; 498 is the vendor's own for what its rules of use forbid.
    static func readError(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status == 498 ? 400 : status, body: body, parser: parser)
    }

    static func read(_ tree: JSONValue, _ context: UpstreamContext) throws(UpstreamError) -> InferenceResponse {
        guard let message = tree["message"], message.object != nil else {
            throw UpstreamError(status: 500, tree: tree) ?? UpstreamError.foreign("no message")
        }
        let reason = tree["finish_reason"]?.string
        if let fault = fault(reason, nil) { throw fault }
        var parts: [Part] = []
        if let plan = message["tool_plan"]?.string, !plan.isEmpty { parts.append(.text(plan)) }
        for block in message["content"]?.array ?? [] {
            if let thought = block["thinking"]?.string, !thought.isEmpty {
                parts.append(.thinking(Thinking(thought)))
            } else if let text = block["text"]?.string, !text.isEmpty {
                parts.append(.text(text))
            }
        }
        if let text = message["content"]?.string, !text.isEmpty { parts.append(.text(text)) }
        let calls = message["tool_calls"]?.array ?? []
        for (place, call) in calls.enumerated() {
            let arguments = call["function"]?["arguments"]?.string ?? ""
            parts.append(
                .toolCall(
                    ToolCall(
                        id: id(call, place, context),
                        name: context.callersName(ofTool: call["function"]?["name"]?.string ?? ""),
                        arguments: arguments.isEmpty ? "{}" : arguments)))
        }
        return InferenceResponse(
            id: tree["id"]?.string ?? "", model: context.requestedModel, created: context.now,
            choices: [Choice(parts: parts, finish: finish(reason, hasCalls: !calls.isEmpty))],
            usage: usage(tree["usage"]))
    }

    /// The id of a call, made where there is none.
    static func id(_ call: JSONValue, _ place: Int, _ context: UpstreamContext) -> String {
        if let id = call["id"]?.string, !id.isEmpty { return id }
        return "call_\(context.nonce)\(place)"
    }

    static func finish(_ reason: String?, hasCalls: Bool) -> FinishReason {
        switch reason {
        case "MAX_TOKENS", "ERROR_LIMIT", "TIMEOUT": .length
        case "ERROR_TOXIC": .contentFilter
        case "STOP_SEQUENCE": .stopSequence
        case "TOOL_CALL": .toolCalls
        default: hasCalls ? .toolCalls : .stop
        }
    }

    /// The error that the end of an answer tells; `nil` for a good end.
    static func fault(_ reason: String?, _ message: String?) -> UpstreamError? {
        let text = message ?? ""
        guard reason == "ERROR" || !text.isEmpty else { return nil }
        return UpstreamError(
            status: 500, message: text.isEmpty ? "the upstream broke its answer off" : text, type: "upstream_error")
    }

    /// The counts: what the model read and wrote, else what is billed, which leaves the vendor's own instructions out.
    static func usage(_ usage: JSONValue?) -> TokenUsage? {
        for place in ["tokens", "billed_units"] {
            // Some counts come as `3.0`.
            func count(_ key: String) -> Int? {
                usage?[place]?[key]?.double.map { Int(min(max($0, 0), 1e12)) }
            }
            let (input, output) = (count("input_tokens"), count("output_tokens"))
            guard input != nil || output != nil else { continue }
            var counts = TokenUsage(inputTokens: input ?? 0, outputTokens: output ?? 0)
            counts.totalTokens = counts.inputTokens + counts.outputTokens
            let cached = usage?["cached_tokens"]?.double ?? 0
            counts.cachedTokens = min(Int(min(max(cached, 0), 1e12)), counts.inputTokens)
            return counts
        }
        return nil
    }
}
