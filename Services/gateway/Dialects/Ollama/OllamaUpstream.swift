import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// Ollama's own chat protocol, `POST /api/chat` (contract providers §18).
package struct OllamaUpstream: UpstreamDialect {
    package init() {}

    /// Pictures go as bytes.
    package var inlinedMedia: Set<Media.Kind> { [.image] }

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var writer = JSONWriter(reserving: 2048)
        OllamaRequestWriter.write(request, into: &writer)
        var body = UpstreamBody(
            writer.bytes,
            headers: [
                "content-type": "application/json",
                "accept": request.isStream ? "application/x-ndjson, application/json" : "application/json",
            ])
        body.promptEstimate = TokenEstimate.tokens(of: request)
        return body
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else { throw OllamaAnswer.unreadable }
        if let fault = UpstreamError(status: 500, tree: tree), tree["error"] != nil { throw fault }
        return OllamaAnswer.read(tree, context)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        OllamaEventReader(context)
    }
}

/// What Ollama's answers and the lines of its streams have in common.
enum OllamaAnswer {
    static let unreadable = UpstreamError(
        status: 502, message: "the upstream answered something that is no JSON object", type: "upstream_error",
        code: .string(UpstreamError.badResponse))

    static func read(_ tree: JSONValue, _ context: UpstreamContext) -> InferenceResponse {
        let message = tree["message"] ?? .null
        var parts: [Part] = []
        if let thought = message["thinking"]?.string, !thought.isEmpty { parts.append(.thinking(Thinking(thought))) }
        if let text = message["content"]?.string, !text.isEmpty { parts.append(.text(text)) }
        let calls = message["tool_calls"]?.array ?? []
        for (place, call) in calls.enumerated() { parts.append(.toolCall(read(call, place, context))) }
        let usage = usage(tree, context)
        var response = InferenceResponse(
            id: "", model: context.requestedModel, created: context.now,
            choices: [Choice(parts: parts, finish: finish(tree["done_reason"], hasCalls: !calls.isEmpty))],
            usage: usage?.counts)
        response.isUsageEstimated = usage?.isEstimated ?? false
        return response
    }

    /// A call; it comes without an id, and its arguments are an object.
    static func read(_ call: JSONValue, _ place: Int, _ context: UpstreamContext) -> ToolCall {
        let function = call["function"] ?? .null
        let arguments =
            switch function["arguments"] {
            case .object(let members)?: String(decoding: JSONValue.object(members).serialized(), as: UTF8.self)
            case .string(let text)? where !text.isEmpty: text
            default: "{}"
            }
        return ToolCall(
            id: call["id"]?.string ?? "call_\(context.nonce)\(place)", name: function["name"]?.string ?? "",
            arguments: arguments)
    }

    static func finish(_ reason: JSONValue?, hasCalls: Bool) -> FinishReason {
        if hasCalls { return .toolCalls }
        return reason?.string == "length" ? .length : .stop
    }

    /// The counts, and whether that of the prompt was made here: a prompt that comes from the cache is not counted.
    static func usage(_ tree: JSONValue, _ context: UpstreamContext) -> (counts: TokenUsage, isEstimated: Bool)? {
        guard let output = tree["eval_count"]?.int, output >= 0 else { return nil }
        let counted = tree["prompt_eval_count"]?.int.flatMap { $0 >= 0 ? $0 : nil }
        guard let input = counted ?? context.promptEstimate else { return nil }
        return (
            TokenUsage(inputTokens: input, outputTokens: output, totalTokens: input &+ output), counted == nil
        )
    }
}
