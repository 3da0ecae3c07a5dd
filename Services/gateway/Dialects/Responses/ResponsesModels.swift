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

    /// Whether a call goes to `/responses`; else it is converted to chat.
    ///
    /// A channel whose address lacks it (a reseller's, behind type 1) says so with `disable_responses` in its `configs`, one that has it unlike its vendor
    /// sets that to `false`.
    ///
    /// - Parameter isUsual: Whether the vendor has it.
    static func takes(_ call: VendorCall, _ channel: VendorChannel, isUsual: Bool) -> Bool {
        if VendorModes.keeping.contains(call.mode), call.mode != .responses {
            return channel.type.modes.contains(call.mode)
        }
        guard VendorModes.chat.contains(call.mode), channel.type.modes.contains(.responses),
            channel.configs["disable_responses"]?.bool.map({ !$0 }) ?? isUsual
        else { return false }
        let model = call.model.lowercased()
        if call.family == .responses { return channel.type.id != 49 || isQianfans(model, channel.configs) }
        return types.contains(channel.type.id) && only.contains(undated(model.filter { $0 != "." }))
    }

    /// The name without the day that marks one version of a model (`o3-pro-2025-06-10`).
    private static func undated(_ model: String) -> String {
        let day = model.utf8.suffix(11)
        let isDay =
            day.count == 11
            && zip(day, "-0000-00-00".utf8).allSatisfy { byte, form in
                form == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == form
            }
        return isDay ? String(model.dropLast(11)) : model
    }

    /// Whether Qianfan has a model at its `/responses` (contract providers §11.3); the channel's `response_models` names more.
    private static func isQianfans(_ model: String, _ configs: JSONObject) -> Bool {
        qianfan.contains(model)
            || configs["response_models"]?.array?.contains { $0.string?.lowercased() == model } ?? false
    }

    private static let qianfan: Set<String> = [
        "deepseek-v3", "deepseek-v3.2", "deepseek-v3.2-think", "deepseek-v3.1-250821", "deepseek-v3.1-think-250821",
        "deepseek-r1", "deepseek-r1-250528", "kimi-k2-instruct", "qwen3-coder-480b-a35b-instruct",
        "qwen3-coder-30b-a3b-instruct", "qwen3-235b-a22b", "qwen3-235b-a22b-instruct-2507",
        "qwen3-235b-a22b-thinking-2507", "qwen3-30b-a3b", "qwen3-30b-a3b-instruct-2507", "qwen3-30b-a3b-thinking-2507",
        "qwen3-32b", "qwen3-14b", "qwen3-8b", "qwen3-4b", "qwen3-1.7b", "qwen3-0.6b",
    ]
}
