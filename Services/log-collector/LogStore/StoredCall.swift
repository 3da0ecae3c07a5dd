package import Contracts
import Postgres

/// A call as it stands in the store.
package struct StoredCall: Equatable, Sendable {
    /// Unique in the store; later ones are larger, roughly.
    package var id: Int64
    /// The end of the answer in Unix microseconds.
    package var createdAt: Int64
    /// The arrival in Unix microseconds.
    package var requestAt: Int64
    /// The start of the last retry in Unix microseconds.
    package var retryAt: Int64?
    /// From the arrival to the first byte of the answer.
    package var firstByteMicroseconds: Int64?
    /// The id that the answer carried.
    package var requestID: String
    /// The name that the caller asked for.
    package var model: String
    /// The name that was sent to the last channel.
    package var upstreamModel: String
    /// The number of the relay mode (contract admin-api §14.1).
    package var mode: Int
    /// The status that the caller got.
    package var code: Int
    /// A word of `CallOutcome`.
    package var outcome: String
    /// Whether the answer was a stream.
    package var isStream: Bool
    /// The last channel that was tried.
    package var channel: Int?
    /// Empty for calls of the admin key.
    package var group: String
    /// The token, when there was one.
    package var tokenID: Int?
    /// The name of the token.
    package var tokenName: String
    /// The path of the request.
    package var endpoint: String
    /// The caller's address.
    package var ip: String
    /// The caller's name for its end user.
    package var user: String
    /// The upstream's own id of the call.
    package var upstreamID: String
    /// The error as the caller got it; empty on success.
    package var content: String
    /// How many attempts followed the first one.
    package var retryCount: Int
    /// Token counts; all 0 when nothing is known.
    package var usage: TokenUsage
    /// A word of `UsageSource`.
    package var usageSource: String
    /// A JSON array.
    package var attempts: String
    /// The price that was applied as a JSON object; `nil` when it is unknown.
    package var price: String?
    /// What was charged by kind, as decimal text; a kind whose amount is unknown is absent.
    package var amounts: [LogAmount: String]
    /// Whether the bodies can be read now.
    package var hasBody: Bool
    /// The bodies, when they were asked for and are there.
    package var body: StoredBody?

    /// Where the call stands in an order.
    package func place(in order: LogOrder) -> LogPlace {
        LogPlace(instant: order.field == .requestAt ? requestAt : createdAt, id: id)
    }
}

/// What a part of the charge was for (contract admin-api §13.8).
package enum LogAmount: String, Sendable, CaseIterable {
    case input, imageInput = "image_input", audioInput = "audio_input", videoInput = "video_input"
    case output, imageOutput = "image_output", audioOutput = "audio_output"
    case cached, cacheCreation = "cache_creation", webSearch = "web_search"
    /// The sum.
    case used

    /// The name in the column list and in the answer alike.
    package var name: String { rawValue + "_amount" }
}

/// The bodies of a call.
package struct StoredBody: Equatable, Sendable {
    /// The call that the bodies belong to.
    package var logID: Int64
    /// What the caller sent, as far as it was kept.
    package var requestBody: String?
    /// What the caller got, as far as it was kept.
    package var responseBody: String?
    /// Whether the request was longer.
    package var isRequestBodyTruncated: Bool
    /// Whether the answer was longer.
    package var isResponseBodyTruncated: Bool
}

extension StoredCall {
    /// The columns that `init(_:bodyCutoff:)` reads.
    static let columns = SQL(
        raw: """
            id, created_at, request_at, retry_at, first_byte_us, request_id, model, upstream_model, mode, code, outcome, is_stream, \
            channel, group_name, token_id, token_name, endpoint, ip, end_user, upstream_id, content, retry_count, input_tokens, \
            output_tokens, total_tokens, cached_tokens, cache_creation_tokens, reasoning_tokens, audio_input_tokens, \
            audio_output_tokens, image_input_tokens, image_output_tokens, usage_source, attempts::text AS attempts, \
            price::text AS price, has_body, \(LogAmount.allCases.map { "\($0.name)::text AS \($0.name)" }.joined(separator: ", "))
            """)

    init(_ row: Row, bodyCutoff: Int64?) throws(PostgresError) {
        id = try row.decode("id")
        createdAt = try row.decode("created_at", as: Timestamp.self).microseconds
        requestAt = try row.decode("request_at", as: Timestamp.self).microseconds
        retryAt = try row.decode("retry_at", as: Timestamp?.self)?.microseconds
        firstByteMicroseconds = try row.decode("first_byte_us")
        requestID = try row.decode("request_id")
        model = try row.decode("model")
        upstreamModel = try row.decode("upstream_model")
        mode = try row.decode("mode")
        code = try row.decode("code")
        outcome = try row.decode("outcome")
        isStream = try row.decode("is_stream")
        channel = try row.decode("channel")
        group = try row.decode("group_name")
        tokenID = try row.decode("token_id")
        tokenName = try row.decode("token_name")
        endpoint = try row.decode("endpoint")
        ip = try row.decode("ip")
        user = try row.decode("end_user")
        upstreamID = try row.decode("upstream_id")
        content = try row.decode("content")
        retryCount = try row.decode("retry_count")
        usage = try TokenUsage(row)
        usageSource = try row.decode("usage_source")
        attempts = try row.decode("attempts")
        price = try row.decode("price")
        amounts = [:]
        for amount in LogAmount.allCases { amounts[amount] = row[amount.name] }
        hasBody = try row.decode("has_body", as: Bool.self) && createdAt >= bodyCutoff ?? .min
    }
}

extension TokenUsage {
    init(_ row: Row) throws(PostgresError) {
        self.init()
        inputTokens = try row.decode("input_tokens")
        outputTokens = try row.decode("output_tokens")
        totalTokens = try row.decode("total_tokens")
        cachedTokens = try row.decode("cached_tokens")
        cacheCreationTokens = try row.decode("cache_creation_tokens")
        reasoningTokens = try row.decode("reasoning_tokens")
        audioInputTokens = try row.decode("audio_input_tokens")
        audioOutputTokens = try row.decode("audio_output_tokens")
        imageInputTokens = try row.decode("image_input_tokens")
        imageOutputTokens = try row.decode("image_output_tokens")
    }
}
