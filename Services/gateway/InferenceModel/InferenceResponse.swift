package import Contracts
package import JSON

/// A whole answer in the neutral shape.
package struct InferenceResponse: Equatable, Sendable {
    /// The upstream's id; empty when it gave none.
    package var id: String
    /// The name that the caller used.
    package var model: String
    /// Unix seconds.
    package var created: Int
    /// One per candidate, in order.
    package var choices: [Choice]
    /// `nil` when the upstream told nothing.
    package var usage: TokenUsage?
    /// Whether a part of the usage was made here, because the upstream did not count it.
    package var isUsageEstimated = false
    package var serviceTier: String?

    package init(id: String, model: String, created: Int, choices: [Choice], usage: TokenUsage? = nil) {
        self.id = id
        self.model = model
        self.created = created
        self.choices = choices
        self.usage = usage
        serviceTier = nil
    }
}

/// One candidate.
package struct Choice: Equatable, Sendable {
    /// Thinking first, then text and media, then calls, as far as the upstream tells an order.
    package var parts: [Part]
    package var finish: FinishReason
    /// The stop sequence that ended it, where the upstream tells.
    package var stopSequence: String?
    /// As OpenAI writes them; other protocols have none.
    package var logprobs: JSONValue?
    /// What bears out its text.
    package var citations: [Citation] = []

    package init(parts: [Part], finish: FinishReason, stopSequence: String? = nil, logprobs: JSONValue? = nil) {
        self.parts = parts
        self.finish = finish
        self.stopSequence = stopSequence
        self.logprobs = logprobs
    }
}

/// Why an answer ended.
package enum FinishReason: String, Sendable, CaseIterable {
    case stop
    case length
    case toolCalls
    case contentFilter
    /// A stop sequence ended it; protocols that do not tell it apart say `stop`.
    case stopSequence
}

/// One step of a streamed answer in the neutral shape.
///
/// Order per candidate: deltas of thinking, text and calls as they come, one `finished`. `usage` may come at any place, the last one counts. A reader gives `ended` exactly once
/// for a complete stream; a stream that breaks off gives none.
package enum InferenceEvent: Equatable, Sendable {
    /// The first event.
    case started(id: String, model: String, created: Int)
    case text(choice: Int, String)
    case thinking(choice: Int, String)
    /// The signature of the thought that was just told.
    case thinkingSignature(choice: Int, String)
    /// A thought that is shown only encrypted.
    case redactedThinking(choice: Int, String)
    case refusal(choice: Int, String)
    /// A call begins. `index` counts the calls of the candidate from 0, whatever the upstream's numbering.
    case toolCallStarted(choice: Int, index: Int, id: String, name: String, signature: String?)
    /// More of a call's arguments; calls may interleave.
    case toolArguments(choice: Int, index: Int, String)
    /// The call is complete; readers give it when the upstream tells, else before `finished`.
    case toolCallEnded(choice: Int, index: Int)
    case media(choice: Int, Media)
    /// Log probabilities of the text that follows, as OpenAI chat writes them.
    case logprobs(choice: Int, JSONValue)
    /// What bears out the text so far, once, behind all of it.
    case citations(choice: Int, [Citation])
    case finished(choice: Int, FinishReason, stopSequence: String?)
    case usage(TokenUsage)
    case ended
}
