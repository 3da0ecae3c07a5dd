import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Requests and moments for the tests of OpenAI chat.
enum ChatFixture {
    static func context(_ mode: RelayMode = .chatCompletions) throws -> UpstreamContext {
        UpstreamContext(
            mode: mode, channelType: try #require(ChannelType.find(1)), upstreamModel: "real", requestedModel: "asked",
            now: 1_700_000_000, nonce: "nonce")
    }

    /// A call of `POST /v1/chat/completions` or `/v1/completions`.
    static func call(_ body: [UInt8], _ mode: RelayMode = .chatCompletions) throws -> any InferenceCall {
        let call = try OpenAIDialect().read(CallerRequest(mode: mode, body: body), parser: JSONParser())
        return try #require(call as? any InferenceCall)
    }

    /// A request of chat with these members beside `model`.
    static func neutral(_ members: String, messages: String? = nil) throws -> InferenceRequest {
        let messages = messages ?? #"[{"role":"user","content":"x"}]"#
        let body = #"{"model":"m","messages":\#(messages)\#(members.isEmpty ? "" : ",")\#(members)}"#
        return try call(Array(body.utf8)).neutral(parser: JSONParser())
    }

    /// The turns of messages.
    static func turns(_ messages: String) throws -> [Turn] {
        try neutral("", messages: messages).turns
    }

    /// What a vendor with these traits gets of a request.
    static func written(_ request: InferenceRequest, _ traits: OpenAITraits = OpenAITraits()) throws -> JSONValue {
        let context = try context()
        var request = request
        request.model = context.upstreamModel
        return try JSONValue.parse(try ChatUpstream(traits).write(request, context).bytes)
    }

    /// The events of a stream that vendors of this protocol send; the same however it is cut.
    static func events(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [InferenceEvent] {
        let context = try context()
        return try StreamSplits.events(Array(text.utf8), sourceLocation: sourceLocation) { ChatEventReader(context) }
    }

    /// A chunk of a stream with one choice.
    static func chunk(_ delta: String, finish: String? = nil, more: String = "") -> String {
        let finish = finish.map { "\"\($0)\"" } ?? "null"
        return
            #"data: {"id":"c1","created":5,"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]\#(more)}"#
            + "\n\n"
    }

    static let done = "data: [DONE]\n\n"
}
