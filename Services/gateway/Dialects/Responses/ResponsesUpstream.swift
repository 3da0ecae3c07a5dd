import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's Responses protocol as upstreams speak it; for callers of other protocols, and for models that have no other address (contract providers §3.6, §6.2–6.4).
package struct ResponsesUpstream: UpstreamDialect {
    package init() {}

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var writer = JSONWriter(reserving: 2048)
        ResponsesRequestWriter.write(request, into: &writer)
        return UpstreamBody(
            writer.bytes,
            headers: [
                "content-type": "application/json",
                "accept": request.isStream ? "text/event-stream, application/json" : "application/json",
            ])
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else {
            throw UpstreamError(
                status: 502, message: "the upstream answered something that is no JSON object", type: "upstream_error",
                code: .string(UpstreamError.badResponse))
        }
        if let fault = ResponsesFault.read(tree) { throw fault }
        return ResponsesAnswer.read(tree, context)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        ResponsesEventReader(context)
    }
}

/// Failures inside a good status: of a response, and of a stream (contract providers §6.4).
enum ResponsesFault {
    /// The failure that a response, or an event, tells; `nil` when it tells none.
    static func read(_ tree: JSONValue) -> UpstreamError? {
        let response = tree["response"] ?? tree
        if tree["type"]?.string == "error" {
            // The fields stand in the event itself, or in an `error` object.
            return fault(tree["error"]?.object == nil ? tree : tree["error"] ?? tree)
        }
        if response["status"]?.string == "failed" { return fault(response["error"] ?? .null) }
        guard let error = response["error"], error.object != nil, response["output"] == nil else { return nil }
        return fault(error)
    }

    private static func fault(_ error: JSONValue) -> UpstreamError {
        let code = error["code"] ?? .null
        let message = error["message"]?.string ?? ""
        return UpstreamError(
            status: status(code.string ?? error["type"]?.string, number: code.int),
            message: message.isEmpty ? "the upstream failed without saying why" : String(message.prefix(4096)),
            type: error["type"]?.string.flatMap { $0 == "error" ? nil : $0 } ?? "upstream_error", code: code,
            param: error["param"] ?? .null)
    }

    private static func status(_ code: String?, number: Int?) -> Int {
        if let number = number ?? code.flatMap({ Int($0) }), (400...599).contains(number) { return number }
        switch code {
        case "rate_limit_exceeded", "too_many_requests": return 429
        case "invalid_request_error", "bad_request", "invalid_prompt": return 400
        case "insufficient_quota": return 402
        default: return 502
        }
    }
}

/// Reads whole responses (contract providers §6.3).
enum ResponsesAnswer {
    static func read(_ tree: JSONValue, _ context: UpstreamContext) -> InferenceResponse {
        var parts: [Part] = []
        var hasCalls = false
        for item in tree["output"]?.array ?? [] {
            switch item["type"]?.string {
            case "message":
                for content in item["content"]?.array ?? [] {
                    switch content["type"]?.string {
                    case "output_text": parts.append(.text(content["text"]?.string ?? ""))
                    case "refusal": parts.append(.refusal(content["refusal"]?.string ?? ""))
                    default: break
                    }
                }
            case "reasoning":
                let texts = (item["summary"]?.array ?? []) + (item["content"]?.array ?? [])
                parts.append(
                    .thinking(
                        Thinking(
                            texts.compactMap { $0["text"]?.string }.joined(separator: "\n\n"),
                            signature: item["encrypted_content"]?.string, id: item["id"]?.string)))
            case "function_call":
                hasCalls = true
                parts.append(
                    .toolCall(
                        ToolCall(
                            id: item["call_id"]?.string ?? item["id"]?.string ?? "", name: item["name"]?.string ?? "",
                            arguments: arguments(item["arguments"]))))
            default: break
            }
        }
        var response = InferenceResponse(
            id: tree["id"]?.string ?? "", model: context.requestedModel,
            created: tree["created_at"]?.int ?? context.now,
            choices: [Choice(parts: parts, finish: finish(tree, hasCalls: hasCalls))], usage: usage(tree["usage"]))
        response.serviceTier = tree["service_tier"]?.string
        return response
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
