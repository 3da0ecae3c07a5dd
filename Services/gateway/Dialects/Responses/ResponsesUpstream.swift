import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's Responses protocol as upstreams speak it; for callers of other protocols, and for models that have no other address (contract providers §3.6, §6.2–6.4).
package struct ResponsesUpstream: UpstreamDialect {
    /// What this vendor and model do differently: the name, members that are refused, errors.
    private let traits: OpenAITraits

    package init(_ traits: OpenAITraits = OpenAITraits()) {
        self.traits = traits
    }

    package var toolNames: ToolNames.Rule? { .openAI }

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var writer = JSONWriter(reserving: 2048)
        ResponsesRequestWriter.write(request, traits, into: &writer)
        return UpstreamBody(
            writer.bytes, headers: request.isStream ? OpenAIExchange.streamHeaders : OpenAIExchange.plainHeaders)
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else {
            throw ResponsesFault.foreign("something that is no JSON object")
        }
        if let fault = ResponsesFault.read(tree) { throw traits.errors.adjusted(fault) }
        guard tree["output"]?.array != nil else { throw ResponsesFault.foreign("an object that is no response") }
        return ResponsesAnswer.read(tree, context)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        ResponsesEventReader(context, errors: traits.errors)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        traits.errors.read(status: status, body: body, parser: parser)
    }
}

/// Reads whole responses (contract providers §6.3).
enum ResponsesAnswer {
    static func read(_ tree: JSONValue, _ context: UpstreamContext) -> InferenceResponse {
        var parts: [Part] = []
        var logprobs: [JSONValue] = []
        var hasCalls = false
        for item in tree["output"]?.array ?? [] {
            switch item["type"]?.string {
            case "message":
                for content in item["content"]?.array ?? [] {
                    switch content["type"]?.string {
                    case "output_text":
                        parts.append(.text(content["text"]?.string ?? ""))
                        logprobs += content["logprobs"]?.array ?? []
                    case "refusal": parts.append(.refusal(content["refusal"]?.string ?? ""))
                    default: break
                    }
                }
            case "reasoning":
                let texts = ((item["summary"]?.array ?? []) + (item["content"]?.array ?? []))
                    .compactMap { $0["text"]?.string }
                let proof = item["encrypted_content"]?.string
                // Without a summary and a proof it says only that there were thoughts.
                guard !texts.isEmpty || proof != nil else { continue }
                parts.append(
                    .thinking(
                        Thinking(texts.joined(separator: "\n\n"), signature: proof, id: item["id"]?.string)))
            case "function_call":
                hasCalls = true
                parts.append(
                    .toolCall(
                        ToolCall(
                            id: item["call_id"]?.string ?? item["id"]?.string ?? "", name: item["name"]?.string ?? "",
                            arguments: arguments(item["arguments"]))))
            case "custom_tool_call":
                hasCalls = true
                parts.append(
                    .toolCall(
                        ToolCall(
                            id: item["call_id"]?.string ?? item["id"]?.string ?? "", name: item["name"]?.string ?? "",
                            arguments: CustomTool.arguments(item["input"]?.string ?? ""))))
            default: break
            }
        }
        var choice = Choice(parts: parts, finish: finish(tree, hasCalls: hasCalls))
        if !logprobs.isEmpty { choice.logprobs = self.logprobs(logprobs) }
        var response = InferenceResponse(
            id: tree["id"]?.string ?? "", model: context.requestedModel,
            created: tree["created_at"]?.int ?? context.now, choices: [choice], usage: usage(tree["usage"]))
        response.serviceTier = tree["service_tier"]?.string
        return response
    }

    /// Log probabilities in the words of OpenAI chat, whose tokens are the same objects.
    static func logprobs(_ tokens: [JSONValue]) -> JSONValue {
        .object(["content": .array(tokens), "refusal": .null])
    }

    /// Some vendors give an object where the protocol has text.
    static func arguments(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text)?: text.isEmpty ? "{}" : text
        case .object(let tree)?: String(decoding: JSONValue.object(tree).serialized(), as: UTF8.self)
        default: "{}"
        }
    }

    static func finish(_ response: JSONValue, hasCalls: Bool) -> FinishReason {
        if response["status"]?.string == "incomplete" {
            switch response["incomplete_details"]?["reason"]?.string {
            case "max_output_tokens": return .length
            case "content_filter": return .contentFilter
            default: break
            }
        }
        return hasCalls ? .toolCalls : .stop
    }

    static func usage(_ value: JSONValue?) -> TokenUsage? {
        guard let value, value.object != nil else { return nil }
        let bytes = value.serialized()
        return UsageReader.read(bytes, 0..<bytes.count)
    }
}
