import AdminHTTP
import Contracts
import HTTPCore
import JSON
import RegistryStore

/// Reads the body that sets a model config (contract admin-api §8, §13.6): what it does not name is cleared.
enum ModelConfigBody {
    private static let maxNumber = 9_007_199_254_740_991
    /// Seconds; a week.
    private static let maxTimeout = 604_800
    /// The kinds of calls that can be streamed.
    private static let streaming: Set<RelayMode> = [.chatCompletions, .completions, .anthropic, .responses, .gemini]

    /// The config of one object; `model` is the name that the path gives, which wins.
    static func read(_ fields: BodyFields, model: String? = nil) throws(AdminFailure) -> ModelConfig {
        let named = try fields.string("model")
        var config = ModelConfig(
            model: try checkedName(model ?? named ?? "", fields), owner: try fields.string("owner", limit: 128) ?? "",
            type: try fields.int("type", in: 0...Int(Int32.max)) ?? 0)
        guard let mode = RelayMode(rawValue: config.type) else {
            throw fields.fault("type", "there is no mode \(config.type)")
        }
        config.config = try facts(fields)
        config.plugin = try plugins(fields)
        config.price = try PriceBody.read(fields)
        config.rpm = try fields.int("rpm", in: 0...maxNumber) ?? 0
        config.tpm = try fields.int("tpm", in: 0...maxNumber) ?? 0
        config.retryTimes = try count("retry_times", fields)
        if let timeouts = try fields.members("timeout_config")?.fields {
            config.requestTimeout = try timeouts.int("request_timeout", in: 0...maxTimeout) ?? 0
            config.streamRequestTimeout = try timeouts.int("stream_request_timeout", in: 0...maxTimeout) ?? 0
        }
        if !streaming.contains(mode) { config.streamRequestTimeout = 0 }
        config.isExcludedFromTests = try fields.bool("exclude_from_tests") ?? false
        config.forcesSavingDetail = try fields.bool("force_save_detail") ?? false
        config.sumsUpByServiceTier = try fields.bool("summary_service_tier") ?? false
        config.sumsUpByLongContext = try fields.bool("summary_claude_long_context") ?? false
        config.matchesResolutionsExactly = try fields.bool("disable_resolution_fuzzy_match") ?? false
        config.maxImageCount = try count("max_image_generation_count", fields)
        config.maxVideoSeconds = try count("max_video_generation_seconds", fields)
        config.maxVideoCount = try count("max_video_generation_count", fields)
        config.allowedResolutions = try fields.names("allowed_resolutions") ?? []
        config.requestBodyLimit = try fields.int("request_body_storage_max_size", in: -maxNumber...maxNumber) ?? 0
        config.responseBodyLimit = try fields.int("response_body_storage_max_size", in: -maxNumber...maxNumber) ?? 0
        // Times are the registry's own; the reference takes them as texts and so refuses numbers.
        _ = try fields.string("created_at")
        _ = try fields.string("updated_at")
        return config
    }

    /// The configs of a body that is an array.
    static func list(_ body: [UInt8]) throws(AdminFailure) -> [ModelConfig] {
        let elements = try BodyValue.array(try BodyValue.parse(body), of: "model configs", at: "body")
        var configs: [ModelConfig] = []
        for (index, element) in elements.enumerated() {
            let object = try BodyValue.object(element, at: "[\(index)]")
            configs.append(try read(BodyFields(object, place: "[\(index)].")))
        }
        return configs
    }

    private static func checkedName(_ name: String, _ fields: BodyFields) throws(AdminFailure) -> String {
        guard !name.trimmed.isEmpty else { throw AdminFailure(.badRequest, "\(fields.place)model is required") }
        guard name.unicodeScalars.count <= 128 else { throw fields.fault("model", "longer than 128 characters") }
        return name
    }

    private static func count(_ name: String, _ fields: BodyFields) throws(AdminFailure) -> Int {
        try fields.int(name, in: 0...Int(Int32.max)) ?? 0
    }

    /// The known members are checked, others are kept as they are.
    private static func facts(_ fields: BodyFields) throws(AdminFailure) -> String {
        guard let config = try fields.members("config")?.fields else { return "" }
        for name in ["max_context_tokens", "max_input_tokens", "max_output_tokens"] {
            _ = try config.int(name, in: 0...maxNumber)
        }
        for name in ["vision", "tool_choice"] { _ = try config.bool(name) }
        for name in ["support_formats", "support_voices"] { _ = try config.names(name) }
        return try fields.object("config") ?? ""
    }

    private static func plugins(_ fields: BodyFields) throws(AdminFailure) -> String {
        guard let (plugins, object) = try fields.members("plugin") else { return "" }
        for member in object.members { _ = try plugins.members(member.value, member.key) }
        return try fields.object("plugin") ?? ""
    }
}
