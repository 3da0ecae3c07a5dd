package import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Answers without a network, for tests and debugging (contract providers §24): an echo of what was said, or an error. It keeps nothing: a response that is
/// fetched again is made again.
package struct FakeUpstream: Sendable {
    /// Whether it answers nothing but an error (type 55).
    package let fails: Bool

    package init(fails: Bool) {
        self.fails = fails
    }

    /// The exchange of a call; `nil` for one that it knows nothing of.
    ///
    /// - Throws: `InvalidRequest` for a request that is malformed.
    func exchange(
        _ call: any CallerCall, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) -> ScriptedExchange? {
        let answer = FakeAnswer(context)
        if fails { return ScriptedExchange(.refusal(answer.settings.error, after: answer.settings.pause)) }
        switch call {
        case let call as any LocalCall:
            return ScriptedExchange(
                .whole(try call.answerLocally(context, parser: parser), after: answer.settings.pause))
        case let call as any InferenceCall:
            return ScriptedExchange(answer.inference(call, try call.neutral(parser: parser)))
        case let call as any EmbeddingCall:
            return ScriptedExchange(answer.embeddings(call, try call.neutral(parser: parser)))
        case let call as RerankCall: return ScriptedExchange(answer.rerank(try call.neutral(parser: parser)))
        case let call as StoredResponseCall: return ScriptedExchange(try answer.stored(call, parser: parser))
        case let call as ImageCall:
            return ScriptedExchange(answer.images(try call.request.tree(parser)))
        default: return nil
        }
    }
}

/// What a channel without a network answers.
package enum ScriptedAnswer: Sendable {
    case whole(RelayedAnswer, after: Duration)
    case stream(ScriptedStream)
    case refusal(UpstreamError, after: Duration)

    /// The same without counts for the record.
    var uncounted: ScriptedAnswer {
        switch self {
        case .whole(var answer, let pause):
            answer.usage = nil
            return .whole(answer, after: pause)
        case .stream(var stream):
            stream.usage = nil
            return .stream(stream)
        case .refusal: return self
        }
    }
}

/// A stream that is known from its start.
package struct ScriptedStream: Sendable {
    /// Complete events of the caller's protocol.
    package let pieces: [[UInt8]]
    /// Between two pieces.
    package let pause: Duration
    package var usage: TokenUsage?
    package let id: String
    package let contentType: String

    package init(pieces: [[UInt8]], pause: Duration, usage: TokenUsage?, id: String, contentType: String) {
        self.pieces = pieces
        self.pause = pause
        self.usage = usage
        self.id = id
        self.contentType = contentType
    }
}

/// An exchange whose answer is known before anything is sent.
package final class ScriptedExchange: Exchange, Sendable {
    package let script: ScriptedAnswer?
    package let request = UpstreamBody([])

    init(_ script: ScriptedAnswer) {
        self.script = script
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        RelayedAnswer(body: bytes, usage: nil, id: "")
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}
