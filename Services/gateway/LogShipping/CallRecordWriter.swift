package import Contracts
import JSON

/// Writes a call record as one line of JSON, with exactly the keys and values of its synthesised `Codable` form; what is absent is left out.
///
/// By hand, because every call of the gateway passes here and Foundation's coders cost fifty times as much.
package enum CallRecordWriter {
    /// The line, without a line feed at its end. It holds none inside: JSON escapes them.
    package static func line(_ record: CallRecord) -> [UInt8] {
        let bodies = (record.requestBody?.utf8.count ?? 0) + (record.responseBody?.utf8.count ?? 0)
        var json = JSONWriter(reserving: 1024 + record.attempts.count * 192 + bodies + bodies / 16)
        json.object { json in
            json.field("requestID", record.requestID)
            json.field("requestAt", record.requestAt)
            json.field("finishedAt", record.finishedAt)
            json.field("firstByteMicroseconds", record.firstByteMicroseconds)
            json.field("retryAt", record.retryAt)
            json.field("model", record.model)
            json.field("upstreamModel", record.upstreamModel)
            json.field("mode", record.mode.rawValue)
            json.field("code", record.code)
            json.field("outcome", record.outcome.rawValue)
            json.field("isStream", record.isStream)
            json.field("channel", record.channel)
            json.field("group", record.group)
            json.field("tokenID", record.tokenID)
            json.field("tokenName", record.tokenName)
            json.field("endpoint", record.endpoint)
            json.field("ip", record.ip)
            json.field("user", record.user)
            json.field("upstreamID", record.upstreamID)
            json.usage(record.usage)
            json.field("usageSource", record.usageSource.rawValue)
            json.key("attempts")
            json.array { json in
                for attempt in record.attempts { json.attempt(attempt) }
            }
            json.field("content", record.content)
            json.field("requestBody", record.requestBody)
            json.field("responseBody", record.responseBody)
            json.field("isRequestBodyTruncated", record.isRequestBodyTruncated)
            json.field("isResponseBodyTruncated", record.isResponseBodyTruncated)
        }
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func usage(_ usage: TokenUsage) {
        key("usage")
        object { json in
            json.field("inputTokens", usage.inputTokens)
            json.field("outputTokens", usage.outputTokens)
            json.field("totalTokens", usage.totalTokens)
            json.field("cachedTokens", usage.cachedTokens)
            json.field("cacheCreationTokens", usage.cacheCreationTokens)
            json.field("reasoningTokens", usage.reasoningTokens)
            json.field("audioInputTokens", usage.audioInputTokens)
            json.field("audioOutputTokens", usage.audioOutputTokens)
            json.field("imageInputTokens", usage.imageInputTokens)
            json.field("imageOutputTokens", usage.imageOutputTokens)
        }
    }

    fileprivate mutating func attempt(_ attempt: CallAttempt) {
        object { json in
            json.field("channel", attempt.channel)
            json.field("reason", attempt.reason)
            json.field("status", attempt.status)
            json.field("outcome", attempt.outcome.rawValue)
            json.field("error", attempt.error)
            json.field("startedAt", attempt.startedAt)
            json.field("durationMicroseconds", attempt.durationMicroseconds)
        }
    }
}
