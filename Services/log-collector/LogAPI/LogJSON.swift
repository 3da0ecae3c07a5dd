import Contracts
import JSON
import LogStore

/// Writes calls in the form of contract admin-api §13.9: what is 0 or empty is left out, nothing is ever null.
///
/// Beside the fields of the contract stand our own: `upstream_model`, `outcome`, `is_stream`, `usage_source` and `attempts` (which channels were tried and why).
enum LogJSON {
    /// More of an error than this is not shown in a list.
    static let contentLimit = 1_024

    static func write(_ call: StoredCall, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", call.id)
            writer.field("request_id", call.requestID)
            writer.field("created_at", call.createdAt / 1_000)
            writer.field("request_at", call.requestAt / 1_000)
            writer.field("retry_at", nonzero(call.retryAt.map { $0 / 1_000 }))
            writer.field("ttfb_milliseconds", nonzero(call.firstByteMicroseconds.map { ($0 + 500) / 1_000 }))
            writer.field("retry_times", nonzero(call.retryCount))
            writer.field("model", call.model)
            writer.field("upstream_model", nonempty(call.upstreamModel))
            writer.field("mode", nonzero(call.mode))
            writer.field("code", nonzero(call.code))
            writer.field("outcome", call.outcome)
            writer.field("is_stream", call.isStream ? true : nil)
            writer.field("channel", nonzero(call.channel))
            writer.field("group", nonempty(call.group))
            writer.field("token_id", nonzero(call.tokenID))
            writer.field("token_name", nonempty(call.tokenName))
            writer.field("endpoint", nonempty(call.endpoint))
            writer.field("ip", nonempty(call.ip))
            writer.field("user", nonempty(call.user))
            writer.field("upstream_id", nonempty(call.upstreamID))
            writer.field("content", nonempty(cut(call.content)))
            writeMoney(of: call, to: &writer)
            writer.key("usage")
            write(call.usage, to: &writer)
            writer.field("usage_source", call.usageSource)
            writer.field("usage_context", raw: "{}".utf8)
            writer.field("attempts", raw: call.attempts.utf8)
            if call.hasBody {
                writer.key("request_detail")
                write(call.body, of: call.id, to: &writer)
            }
        }
    }

    /// The bodies of a call; without them only the two ids, which say that the detail route will answer.
    static func write(_ body: StoredBody?, of id: Int64, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", id)
            writer.field("log_id", id)
            writer.field("request_body", nonempty(body?.requestBody ?? ""))
            writer.field("response_body", nonempty(body?.responseBody ?? ""))
            writer.field("request_body_truncated", body?.isRequestBodyTruncated == true ? true : nil)
            writer.field("response_body_truncated", body?.isResponseBodyTruncated == true ? true : nil)
        }
    }

    /// An unknown amount is absent and so is one of 0; `usage_source` and `price` tell the two apart.
    private static func writeMoney(of call: StoredCall, to writer: inout JSONWriter) {
        if let used = call.amounts[.used], !isZero(used) { writer.field("used_amount", raw: used.utf8) }
        writer.field("price", raw: (call.price ?? "{}").utf8)
        writer.key("amount")
        writer.object { writer in
            for amount in LogAmount.allCases {
                guard let text = call.amounts[amount], !isZero(text) else { continue }
                writer.field(amount.name, raw: text.utf8)
            }
        }
    }

    private static func write(_ usage: TokenUsage, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("input_tokens", nonzero(usage.inputTokens))
            writer.field("image_input_tokens", nonzero(usage.imageInputTokens))
            writer.field("audio_input_tokens", nonzero(usage.audioInputTokens))
            writer.field("output_tokens", nonzero(usage.outputTokens))
            writer.field("image_output_tokens", nonzero(usage.imageOutputTokens))
            writer.field("audio_output_tokens", nonzero(usage.audioOutputTokens))
            writer.field("cached_tokens", nonzero(usage.cachedTokens))
            writer.field("cache_creation_tokens", nonzero(usage.cacheCreationTokens))
            writer.field("reasoning_tokens", nonzero(usage.reasoningTokens))
            writer.field("total_tokens", nonzero(usage.totalTokens))
        }
    }

    /// Cuts between characters of Unicode, never inside one.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > contentLimit else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: contentLimit)
        while text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return text[..<end] + "..."
    }

    static func isZero(_ decimal: String) -> Bool { decimal.utf8.allSatisfy { $0 == 0x30 || $0 == 0x2E } }

    private static func nonzero<Number: BinaryInteger>(_ number: Number?) -> Number? {
        number.flatMap { $0 == 0 ? nil : $0 }
    }

    private static func nonempty(_ text: String) -> String? { text.isEmpty ? nil : text }
}
