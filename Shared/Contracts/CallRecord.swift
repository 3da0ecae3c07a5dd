/// How a call or one attempt of it ended; a closed set (design §4).
package enum CallOutcome: String, Codable, Sendable, CaseIterable {
    /// The whole answer was relayed.
    case completed
    /// The upstream or the gateway answered with an error.
    case failed
    /// The gateway refused the call before any attempt.
    case refused
    /// The caller went away.
    case cancelledByClient
    /// The upstream broke off in the middle of its answer.
    case upstreamCut
    /// A time limit of the gateway ended the call.
    case timedOut
}

/// How the token counts of a call are known.
package enum UsageSource: String, Codable, Sendable, CaseIterable {
    /// The upstream reported them.
    case measured
    /// They were computed from bytes.
    case estimated
    /// Nothing is known; counts are not zero but absent.
    case unknown
}

/// Token counts of one call (contract admin-api §13.7).
package struct TokenUsage: Codable, Sendable, Equatable {
    /// All prompt tokens, the cached ones among them.
    package var inputTokens: Int
    package var outputTokens: Int
    package var totalTokens: Int
    package var cachedTokens: Int
    package var cacheCreationTokens: Int
    package var reasoningTokens: Int
    package var audioInputTokens: Int
    package var audioOutputTokens: Int
    package var imageInputTokens: Int
    package var imageOutputTokens: Int

    package init(
        inputTokens: Int = 0, outputTokens: Int = 0, totalTokens: Int = 0, cachedTokens: Int = 0,
        cacheCreationTokens: Int = 0, reasoningTokens: Int = 0, audioInputTokens: Int = 0, audioOutputTokens: Int = 0,
        imageInputTokens: Int = 0, imageOutputTokens: Int = 0
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.totalTokens = totalTokens
        self.cachedTokens = cachedTokens
        self.cacheCreationTokens = cacheCreationTokens
        self.reasoningTokens = reasoningTokens
        self.audioInputTokens = audioInputTokens
        self.audioOutputTokens = audioOutputTokens
        self.imageInputTokens = imageInputTokens
        self.imageOutputTokens = imageOutputTokens
    }
}

/// One try at one channel.
package struct CallAttempt: Codable, Sendable, Equatable {
    /// The channel that was tried.
    package var channel: Int
    /// Why the planner took this channel, in a few words for an operator.
    package var reason: String
    /// The upstream's status; `nil` when no answer came.
    package var status: Int?
    package var outcome: CallOutcome
    /// A code of the closed set of relay errors; empty on success.
    package var error: String
    /// Start in Unix microseconds.
    package var startedAt: Int64
    package var durationMicroseconds: Int64

    package init(
        channel: Int, reason: String, status: Int? = nil, outcome: CallOutcome, error: String = "", startedAt: Int64,
        durationMicroseconds: Int64
    ) {
        self.channel = channel
        self.reason = reason
        self.status = status
        self.outcome = outcome
        self.error = error
        self.startedAt = startedAt
        self.durationMicroseconds = durationMicroseconds
    }
}

/// Everything the ledger keeps of one call, also of a refused, cancelled or cut one (design §4).
///
/// The gateway writes it with `CallRecordWriter` (same keys as this `Codable` form, but without Foundation's coders), one line of JSON each.
package struct CallRecord: Codable, Sendable, Equatable {
    /// The value of `x-request-id` of the answer.
    package var requestID: String
    /// Arrival in Unix microseconds.
    package var requestAt: Int64
    /// The end of the answer in Unix microseconds.
    package var finishedAt: Int64
    /// From arrival to the first byte of the answer's body that was sent; `nil` when none was.
    package var firstByteMicroseconds: Int64?
    /// Start of the last retry in Unix microseconds; `nil` without retries.
    package var retryAt: Int64?
    /// The name the caller asked for.
    package var model: String
    /// The name that was sent to the last channel; empty when none was tried.
    package var upstreamModel: String
    package var mode: RelayMode
    /// The status given to the caller.
    package var code: Int
    package var outcome: CallOutcome
    package var isStream: Bool
    /// The last channel tried; `nil` when none was.
    package var channel: Int?
    /// Empty for internal callers.
    package var group: String
    package var tokenID: Int?
    package var tokenName: String
    package var endpoint: String
    package var ip: String
    /// The caller's own name for its end user, from the request body.
    package var user: String
    /// The upstream's request id.
    package var upstreamID: String
    package var usage: TokenUsage
    package var usageSource: UsageSource
    package var attempts: [CallAttempt]
    /// The error as the caller got it, for a failed call; empty on success.
    package var content: String
    /// The request body of a failed call, cut to the limit; `nil` when it is not kept.
    package var requestBody: String?
    package var responseBody: String?
    package var isRequestBodyTruncated: Bool
    package var isResponseBodyTruncated: Bool

    package init(
        requestID: String, requestAt: Int64, finishedAt: Int64, firstByteMicroseconds: Int64? = nil,
        retryAt: Int64? = nil, model: String, upstreamModel: String = "", mode: RelayMode, code: Int,
        outcome: CallOutcome, isStream: Bool = false, channel: Int? = nil, group: String = "", tokenID: Int? = nil,
        tokenName: String = "", endpoint: String, ip: String, user: String = "", upstreamID: String = "",
        usage: TokenUsage = TokenUsage(), usageSource: UsageSource = .unknown, attempts: [CallAttempt] = [],
        content: String = "", requestBody: String? = nil, responseBody: String? = nil,
        isRequestBodyTruncated: Bool = false, isResponseBodyTruncated: Bool = false
    ) {
        self.requestID = requestID
        self.requestAt = requestAt
        self.finishedAt = finishedAt
        self.firstByteMicroseconds = firstByteMicroseconds
        self.retryAt = retryAt
        self.model = model
        self.upstreamModel = upstreamModel
        self.mode = mode
        self.code = code
        self.outcome = outcome
        self.isStream = isStream
        self.channel = channel
        self.group = group
        self.tokenID = tokenID
        self.tokenName = tokenName
        self.endpoint = endpoint
        self.ip = ip
        self.user = user
        self.upstreamID = upstreamID
        self.usage = usage
        self.usageSource = usageSource
        self.attempts = attempts
        self.content = content
        self.requestBody = requestBody
        self.responseBody = responseBody
        self.isRequestBodyTruncated = isRequestBodyTruncated
        self.isResponseBodyTruncated = isResponseBodyTruncated
    }
}
