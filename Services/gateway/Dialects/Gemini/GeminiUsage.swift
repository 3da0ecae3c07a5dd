import Contracts
import JSON

/// Gemini's counts (contract providers §5.6): `candidatesTokenCount` is without the thoughts, `promptTokenCount` with the cached tokens.
enum GeminiUsage {
    /// A count from 0 to 10¹², so that sums of hostile answers cannot overflow; Google may write numbers as texts.
    private static func count(_ value: JSONValue?) -> Int {
        min(max(value?.int ?? value?.string.flatMap { Int($0) } ?? 0, 0), 1_000_000_000_000)
    }

    /// Reads a `usageMetadata`; `nil` when it counts nothing.
    static func read(_ metadata: JSONValue?) -> TokenUsage? {
        guard let metadata, metadata.object != nil else { return nil }
        var usage = TokenUsage()
        usage.reasoningTokens = count(metadata["thoughtsTokenCount"])
        usage.inputTokens = count(metadata["promptTokenCount"]) + count(metadata["toolUsePromptTokenCount"])
        usage.outputTokens = count(metadata["candidatesTokenCount"]) + usage.reasoningTokens
        usage.totalTokens = usage.inputTokens + usage.outputTokens
        usage.cachedTokens = min(count(metadata["cachedContentTokenCount"]), usage.inputTokens)
        for row in metadata["promptTokensDetails"]?.array ?? [] {
            switch row["modality"]?.string {
            case "AUDIO"?: usage.audioInputTokens = count(row["tokenCount"])
            case "IMAGE"?: usage.imageInputTokens = count(row["tokenCount"])
            default: break
            }
        }
        for row in metadata["candidatesTokensDetails"]?.array ?? [] {
            switch row["modality"]?.string {
            case "AUDIO"?: usage.audioOutputTokens = count(row["tokenCount"])
            case "IMAGE"?: usage.imageOutputTokens = count(row["tokenCount"])
            default: break
            }
        }
        return usage.totalTokens > 0 ? usage : nil
    }

    /// Writes counts as the value of `usageMetadata`.
    static func write(_ usage: TokenUsage, _ json: inout JSONWriter) {
        json.object { json in
            json.field("promptTokenCount", usage.inputTokens)
            json.field("candidatesTokenCount", max(usage.outputTokens - usage.reasoningTokens, 0))
            json.field("totalTokenCount", usage.totalTokens)
            if usage.reasoningTokens > 0 { json.field("thoughtsTokenCount", usage.reasoningTokens) }
            if usage.cachedTokens > 0 { json.field("cachedContentTokenCount", usage.cachedTokens) }
            details(
                "promptTokensDetails", usage.inputTokens, usage.audioInputTokens, usage.imageInputTokens, &json)
            details(
                "candidatesTokensDetails", max(usage.outputTokens - usage.reasoningTokens, 0), usage.audioOutputTokens,
                usage.imageOutputTokens, &json)
        }
    }

    /// Counts by modality, where there are others than text.
    private static func details(_ name: String, _ all: Int, _ audio: Int, _ image: Int, _ json: inout JSONWriter) {
        guard audio > 0 || image > 0 else { return }
        json.key(name)
        json.array { json in
            for (modality, count) in [("TEXT", all - audio - image), ("AUDIO", audio), ("IMAGE", image)] where count > 0
            {
                json.object { json in
                    json.field("modality", modality)
                    json.field("tokenCount", count)
                }
            }
        }
    }
}
