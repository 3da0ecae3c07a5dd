import Contracts
import InferenceModel
import JSON

/// Counts and finish reasons in OpenAI's words.
enum ChatWords {
    /// The `usage` object.
    static func usage(_ counts: TokenUsage) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.object { root in
            root.field("prompt_tokens", counts.inputTokens)
            root.field("completion_tokens", counts.outputTokens)
            let sum = counts.inputTokens + counts.outputTokens
            root.field("total_tokens", counts.totalTokens == 0 ? sum : counts.totalTokens)
            root.key("prompt_tokens_details")
            root.object { details in
                details.field("cached_tokens", counts.cachedTokens)
                details.field("audio_tokens", counts.audioInputTokens)
                details.field("image_tokens", some(counts.imageInputTokens))
                details.field("cache_creation_tokens", some(counts.cacheCreationTokens))
            }
            root.key("completion_tokens_details")
            root.object { details in
                details.field("reasoning_tokens", counts.reasoningTokens)
                details.field("audio_tokens", counts.audioOutputTokens)
                details.field("image_tokens", some(counts.imageOutputTokens))
            }
        }
        return writer.bytes
    }

    /// Members that OpenAI does not have are written only when there is something to tell.
    private static func some(_ count: Int) -> Int? { count == 0 ? nil : count }

    /// The word for a reason.
    static func finish(_ reason: FinishReason) -> String {
        switch reason {
        case .stop, .stopSequence: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        }
    }

    /// The reason of a word, as far as any vendor of this protocol says one.
    ///
    /// - Parameter hasCalls: Whether tools were called: some vendors say `stop` nevertheless (contract providers §4.7).
    static func reason(_ word: String?, hasCalls: Bool) -> FinishReason {
        switch word {
        case "length", "max_tokens", "model_length": .length
        case "content_filter", "sensitive", "safety": .contentFilter
        case "tool_calls", "function_call": .toolCalls
        default: hasCalls ? .toolCalls : .stop
        }
    }
}
