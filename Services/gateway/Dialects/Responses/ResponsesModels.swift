import Contracts
import JSON

/// Which calls go to `/responses` of OpenAI and Azure (contract providers §3.6).
enum ResponsesModels {
    /// Models that have no other address; names without dots.
    private static let only: Set<String> = [
        "codex-mini-latest", "computer-use-preview", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-pro", "gpt-5-codex",
        "gpt-5-search-api", "o1-pro", "o3", "o3-mini", "o3-pro", "o3-deep-research", "o4-mini", "o4-mini-deep-research",
        "gpt-51", "gpt-51-codex", "gpt-51-codex-max", "gpt-51-codex-mini", "gpt-52", "gpt-52-pro", "gpt-52-codex",
        "gpt-53-codex", "gpt-54", "gpt-54-mini", "gpt-54-nano", "gpt-54-pro", "gpt-55", "gpt-55-pro",
    ]

    /// The channel types whose chat calls of such models are converted.
    private static let types: Set<Int> = [1, 3, 4]

    /// Whether a call goes to `/responses`.
    ///
    /// A channel whose address lacks it (a reseller's, behind type 1) says so with `disable_responses` in its `configs`.
    static func takes(_ call: VendorCall, _ channel: VendorChannel) -> Bool {
        if VendorModes.keeping.contains(call.mode), call.mode != .responses {
            return channel.type.modes.contains(call.mode)
        }
        guard VendorModes.chat.contains(call.mode), channel.type.modes.contains(.responses),
            channel.configs["disable_responses"]?.bool != true
        else { return false }
        return call.family == .responses
            || types.contains(channel.type.id) && only.contains(call.model.lowercased().filter { $0 != "." })
    }
}
