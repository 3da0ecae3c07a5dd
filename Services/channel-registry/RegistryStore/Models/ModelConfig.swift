package import JSON
package import ModelCatalogue

/// What an administrator configured for one model (contract admin-api §13.6).
package struct ModelConfig: Equatable, Sendable {
    package var model: String
    package var owner: String
    /// A number of `RelayMode`; 0 when not said.
    package var type: Int
    /// Context lengths and capabilities: a JSON object as text; empty for none.
    package var config: String
    /// Plugin name to its settings: a JSON object as text; empty for none.
    package var plugin: String
    /// A JSON object as text; `{}` when no price is known, which is not a price of nothing.
    package var price: String
    /// For each group and minute; 0 for no limit.
    package var rpm: Int
    /// For each group and minute; 0 for no limit.
    package var tpm: Int
    /// 0 for the option's.
    package var retryTimes: Int
    /// Seconds; 0 for the gateway's own.
    package var requestTimeout: Int
    /// Seconds; 0 for the gateway's own, and for every type that cannot stream.
    package var streamRequestTimeout: Int
    package var isExcludedFromTests: Bool
    package var forcesSavingDetail: Bool
    package var sumsUpByServiceTier: Bool
    package var sumsUpByLongContext: Bool
    package var matchesResolutionsExactly: Bool
    package var maxImageCount: Int
    package var maxVideoSeconds: Int
    package var maxVideoCount: Int
    package var allowedResolutions: [String]
    /// Bytes of a request body that are kept; 0 for the option's, below 0 for none.
    package var requestBodyLimit: Int
    /// Bytes of an answer that are kept; 0 for the option's, below 0 for none.
    package var responseBodyLimit: Int

    /// A config that says nothing but the name.
    package init(model: String, owner: String = "", type: Int = 0) {
        self.model = model
        self.owner = owner
        self.type = type
        config = ""
        plugin = ""
        price = "{}"
        rpm = 0
        tpm = 0
        retryTimes = 0
        requestTimeout = 0
        streamRequestTimeout = 0
        isExcludedFromTests = false
        forcesSavingDetail = false
        sumsUpByServiceTier = false
        sumsUpByLongContext = false
        matchesResolutionsExactly = false
        maxImageCount = 0
        maxVideoSeconds = 0
        maxVideoCount = 0
        allowedResolutions = []
        requestBodyLimit = 0
        responseBodyLimit = 0
    }

    /// The config that the catalogue suggests.
    package init(_ model: CatalogueModel) {
        self.init(model: model.name, owner: model.owner, type: model.type)
        if !model.config.isEmpty { config = Self.text(model.config) }
        price = Self.text(model.price)
        rpm = model.requestsPerMinute
        retryTimes = model.retryTimes
        requestTimeout = model.timeouts["request_timeout"]?.int ?? 0
        streamRequestTimeout = model.timeouts["stream_request_timeout"]?.int ?? 0
        isExcludedFromTests = model.isExcludedFromTests
        sumsUpByServiceTier = model.sumsUpByServiceTier
        maxImageCount = model.maxImageCount
        maxVideoSeconds = model.maxVideoSeconds
        allowedResolutions = model.allowedResolutions
    }

    private static func text(_ object: JSONObject) -> String {
        String(decoding: JSONValue.object(object).serialized(), as: UTF8.self)
    }
}

extension JSONWriter {
    /// A model config in the form of contract admin-api §13.6; what is not set is left out.
    package mutating func modelConfig(_ config: ModelConfig) {
        object { writer in
            writer.field("model", config.model)
            writer.field("owner", config.owner)
            writer.field("type", config.type)
            if !config.config.isEmpty { writer.field("config", raw: config.config.utf8) }
            if !config.plugin.isEmpty { writer.field("plugin", raw: config.plugin.utf8) }
            writer.field("price", raw: config.price.utf8)
            writer.set("rpm", config.rpm)
            writer.set("tpm", config.tpm)
            writer.set("retry_times", config.retryTimes)
            writer.key("timeout_config")
            writer.object { writer in
                writer.set("request_timeout", config.requestTimeout)
                writer.set("stream_request_timeout", config.streamRequestTimeout)
            }
            writer.set("exclude_from_tests", config.isExcludedFromTests)
            writer.set("force_save_detail", config.forcesSavingDetail)
            writer.set("summary_service_tier", config.sumsUpByServiceTier)
            writer.set("summary_claude_long_context", config.sumsUpByLongContext)
            writer.set("disable_resolution_fuzzy_match", config.matchesResolutionsExactly)
            writer.set("max_image_generation_count", config.maxImageCount)
            writer.set("max_video_generation_seconds", config.maxVideoSeconds)
            writer.set("max_video_generation_count", config.maxVideoCount)
            if !config.allowedResolutions.isEmpty {
                writer.key("allowed_resolutions")
                writer.array { writer in
                    for resolution in config.allowedResolutions { writer.string(resolution) }
                }
            }
            writer.set("request_body_storage_max_size", config.requestBodyLimit)
            writer.set("response_body_storage_max_size", config.responseBodyLimit)
        }
    }

    private mutating func set(_ name: String, _ number: Int) {
        if number != 0 { field(name, number) }
    }

    private mutating func set(_ name: String, _ flag: Bool) {
        if flag { field(name, true) }
    }
}
