package import Contracts
package import JSON

/// Reads OpenAI's `usage` object, with the members that other vendors add (contract relay §5.4, providers §3.4, §21).
package enum UsageReader {
    /// The counts; `nil` when the value is no object or has no count above zero.
    package static func read(_ value: JSONValue?) -> TokenUsage? {
        guard let usage = value, usage.object != nil else { return nil }
        let promptDetails = usage["prompt_tokens_details"] ?? usage["input_tokens_details"]
        let outputDetails = usage["completion_tokens_details"] ?? usage["output_tokens_details"]
        var counts = TokenUsage()
        counts.inputTokens = count(usage["prompt_tokens"]) ?? count(usage["input_tokens"]) ?? 0
        counts.outputTokens = count(usage["completion_tokens"]) ?? count(usage["output_tokens"]) ?? 0
        counts.cachedTokens =
            count(promptDetails?["cached_tokens"]) ?? count(usage["prompt_cache_hit_tokens"])
            ?? count(usage["cached_tokens"]) ?? 0
        counts.cacheCreationTokens = count(promptDetails?["cache_creation_tokens"]) ?? 0
        counts.reasoningTokens = count(outputDetails?["reasoning_tokens"]) ?? 0
        counts.audioInputTokens = count(promptDetails?["audio_tokens"]) ?? 0
        counts.imageInputTokens = count(promptDetails?["image_tokens"]) ?? 0
        counts.audioOutputTokens = count(outputDetails?["audio_tokens"]) ?? 0
        counts.imageOutputTokens = count(outputDetails?["image_tokens"]) ?? 0
        counts.totalTokens = count(usage["total_tokens"]) ?? counts.inputTokens + counts.outputTokens
        if counts.inputTokens == 0, counts.outputTokens == 0, counts.totalTokens == 0 { return nil }
        return counts
    }

    /// A count from 0 to 10¹², so that sums of hostile answers cannot overflow.
    private static func count(_ value: JSONValue?) -> Int? {
        guard let number = value?.int else { return nil }
        return min(max(number, 0), 1_000_000_000_000)
    }

}
