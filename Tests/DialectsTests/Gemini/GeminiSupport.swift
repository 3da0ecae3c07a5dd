import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Calls and moments for the tests of Gemini's protocol.
enum GeminiFixture {
    static func context(_ upstream: String, requested: String = "asked", configs: JSONObject = [:]) throws
        -> UpstreamContext
    {
        UpstreamContext(
            mode: .gemini, channelType: try #require(ChannelType.find(24)), upstreamModel: upstream,
            requestedModel: requested, configs: configs, now: 1_700_000_000, nonce: "nonceNONCEnonceNONCE2345")
    }

    /// A call of Gemini's protocol.
    static func read(
        _ body: [UInt8], action: GeminiAction = .generate, model: String = "asked", query: String? = nil
    ) throws -> any CallerCall {
        try GeminiDialect().read(
            CallerRequest(
                mode: .gemini, body: body, pathModel: model, action: action.rawValue, query: query),
            parser: JSONParser())
    }

    /// `generateContent`, or its stream.
    static func call(_ body: String, action: GeminiAction = .generate, query: String? = nil) throws -> GeminiCall {
        try #require(try read(Array(body.utf8), action: action, query: query) as? GeminiCall)
    }

    /// A call that asks for nothing in particular.
    static func plain(stream: Bool = false, array: Bool = false) throws -> GeminiCall {
        try call(
            #"{"contents":[{"role":"user","parts":[{"text":"x"}]}]}"#, action: stream ? .stream : .generate,
            query: array ? nil : "alt=sse")
    }

    /// What an upstream gets of a call; the upstream's model is the one that the call names.
    static func written(
        _ call: any InferenceCall, _ upstream: any UpstreamDialect, model: String? = nil, configs: JSONObject = [:]
    ) throws -> UpstreamBody {
        let context = try context(model ?? call.model, configs: configs)
        var neutral = try call.neutral(parser: JSONParser())
        neutral.model = context.upstreamModel
        return try upstream.write(neutral, context)
    }

    /// What Gemini gets of a chat request.
    static func ofChat(_ body: [UInt8], _ flavour: GeminiFlavour = .developer, configs: JSONObject = [:]) throws
        -> UpstreamBody
    {
        try written(try AnthropicFixture.chat(body), GeminiUpstream(flavour), configs: configs)
    }

    /// The same for the members beside the messages.
    static func ofChat(model: String, _ members: String = "", configs: JSONObject = [:]) throws -> JSONValue {
        let body = #"{"model":"\#(model)","messages":[{"role":"user","content":"x"}]\#(members)}"#
        return try JSONValue.parse(try ofChat(Array(body.utf8), configs: configs).bytes)
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
