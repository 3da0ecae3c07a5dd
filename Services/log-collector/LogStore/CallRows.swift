import Contracts
import JSON
import Postgres

/// Turns call records into the rows of `logs.calls` and `logs.bodies`; the column lists and the order of values stand side by side here.
struct CallRows {
    /// A record with the id that it got.
    struct Numbered {
        let id: Int64
        let record: CallRecord
        /// Whether the body is stored too.
        let keepsBody: Bool
    }

    static let copyCalls = """
        COPY logs.calls (id, created_at, request_at, retry_at, first_byte_us, channel, token_id, input_tokens, output_tokens, \
        total_tokens, cached_tokens, cache_creation_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, \
        image_input_tokens, image_output_tokens, code, mode, retry_count, is_stream, has_body, outcome, usage_source, request_id, \
        model, upstream_model, group_name, token_name, endpoint, ip, end_user, upstream_id, content, attempts) FROM STDIN
        """

    static let copyBodies = """
        COPY logs.bodies (log_id, created_at, is_request_body_truncated, is_response_body_truncated, request_body, response_body) \
        FROM STDIN
        """

    private(set) var calls: CopyText
    private(set) var bodies = CopyText()

    init(_ records: ArraySlice<Numbered>) {
        calls = CopyText(reserving: records.count * 512)
        for numbered in records { append(numbered) }
    }

    private mutating func append(_ numbered: Numbered) {
        let record = numbered.record
        calls.append(numbered.id)
        calls.append(Timestamp(microseconds: record.finishedAt))
        calls.append(Timestamp(microseconds: record.requestAt))
        calls.append(record.retryAt.map { Timestamp(microseconds: $0) })
        calls.append(record.firstByteMicroseconds)
        calls.append(record.channel)
        calls.append(record.tokenID)
        append(record.usage)
        calls.append(record.code)
        calls.append(record.mode.rawValue)
        calls.append(max(0, record.attempts.count - 1))
        calls.append(record.isStream)
        calls.append(numbered.keepsBody)
        calls.append(record.outcome.rawValue)
        calls.append(record.usageSource.rawValue)
        calls.append(record.requestID)
        calls.append(record.model)
        calls.append(record.upstreamModel)
        calls.append(record.group)
        calls.append(record.tokenName)
        calls.append(record.endpoint)
        calls.append(record.ip)
        calls.append(record.user)
        calls.append(record.upstreamID)
        calls.append(record.content)
        calls.append(utf8: AttemptsJSON.encode(record.attempts))
        calls.endRow()
        if numbered.keepsBody { appendBody(numbered) }
    }

    private mutating func append(_ usage: TokenUsage) {
        calls.append(usage.inputTokens)
        calls.append(usage.outputTokens)
        calls.append(usage.totalTokens)
        calls.append(usage.cachedTokens)
        calls.append(usage.cacheCreationTokens)
        calls.append(usage.reasoningTokens)
        calls.append(usage.audioInputTokens)
        calls.append(usage.audioOutputTokens)
        calls.append(usage.imageInputTokens)
        calls.append(usage.imageOutputTokens)
    }

    private mutating func appendBody(_ numbered: Numbered) {
        bodies.append(numbered.id)
        bodies.append(Timestamp(microseconds: numbered.record.finishedAt))
        bodies.append(numbered.record.isRequestBodyTruncated)
        bodies.append(numbered.record.isResponseBodyTruncated)
        bodies.append(numbered.record.requestBody)
        bodies.append(numbered.record.responseBody)
        bodies.endRow()
    }
}

/// The attempts of a call as they stand in the `attempts` column and in the answer of the API alike.
enum AttemptsJSON {
    /// An array of objects; text is freed of NUL, which `jsonb` refuses.
    static func encode(_ attempts: [CallAttempt]) -> [UInt8] {
        if attempts.isEmpty { return Array("[]".utf8) }
        var writer = JSONWriter(reserving: 128 * attempts.count + 2)
        writer.array { writer in
            for attempt in attempts {
                writer.object { writer in
                    writer.field("channel", attempt.channel)
                    writer.field("reason", clean(attempt.reason))
                    writer.field("status", attempt.status)
                    writer.field("outcome", attempt.outcome.rawValue)
                    writer.field("error", attempt.error.isEmpty ? nil : clean(attempt.error))
                    writer.field("started_at", attempt.startedAt / 1_000)
                    writer.field("duration_ms", Double(attempt.durationMicroseconds) / 1_000)
                }
            }
        }
        return writer.bytes
    }

    private static func clean(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}
