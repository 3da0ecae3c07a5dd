import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Requests and moments for the tests of Anthropic's protocol.
enum AnthropicFixture {
    static func context(_ model: String, upstream: String? = nil, configs: JSONObject = [:]) throws -> UpstreamContext {
        UpstreamContext(
            mode: .anthropic, channelType: try #require(ChannelType.find(14)), upstreamModel: upstream ?? model,
            requestedModel: model, configs: configs, now: 1_700_000_000, nonce: "nonceNONCEnonceNONCE2345")
    }

    static func request(_ body: [UInt8], headers: HTTPHeaders = [:], query: String? = nil) -> CallerRequest {
        CallerRequest(mode: .anthropic, body: body, headers: headers, query: query)
    }

    /// A call of `POST /v1/messages`.
    static func call(_ body: [UInt8], headers: HTTPHeaders = [:], query: String? = nil) throws -> AnthropicCall {
        AnthropicCall(try AnthropicRequest(request(body, headers: headers, query: query), parser: JSONParser()))
    }

    /// A call of `POST /v1/chat/completions`.
    static func chat(_ body: [UInt8]) throws -> any InferenceCall {
        let call = try OpenAIDialect().read(
            CallerRequest(mode: .chatCompletions, body: body), parser: JSONParser())
        return try #require(call as? any InferenceCall)
    }

    /// A call of OpenAI chat that asks for nothing in particular.
    static func plainChat(isStream: Bool = false) throws -> any InferenceCall {
        let body = #"{"model":"asked","messages":[{"role":"user","content":"x"}],"stream":\#(isStream)}"#
        return try chat(Array(body.utf8))
    }

    /// What Anthropic gets of a call.
    static func written(
        _ call: any InferenceCall, _ flavor: AnthropicFlavor = .anthropic, upstream: String? = nil
    ) throws -> JSONValue {
        let context = try context(call.model, upstream: upstream)
        var neutral = try call.neutral(parser: JSONParser())
        neutral.model = context.upstreamModel
        return try JSONValue.parse(try AnthropicUpstream(flavor).write(neutral, context).bytes)
    }

    /// What Anthropic gets of a chat request with these members beside `model` and `messages`.
    static func written(model: String, _ members: String, messages: String? = nil) throws -> JSONValue {
        let messages = messages ?? #"[{"role":"user","content":"x"}]"#
        return try written(chat(Array(#"{"model":"\#(model)","messages":\#(messages)\#(members)}"#.utf8)))
    }
}
