import JSON

extension APIDescription {
    /// Model configs and prices (contract admin-api §7, §8, §13.6).
    static let modelSchemas: [(name: String, schema: APISchema)] = [
        (
            "ModelConfig",
            .object(
                ["model": name, "owner": text, "type": mode, "price": .named("Price"), "timeout_config": timeouts],
                optional: facts, "What is known of a model; members that say nothing are left out.")
        ),
        (
            "ModelConfigInput",
            .object(
                optional: [
                    "model": .string("The name; in a list, or when the path does not give it.", limit: 128),
                    "owner": .string(limit: 128), "type": mode, "price": .named("Price"), "timeout_config": timeouts,
                    "config": settings, "plugin": plugins, "rpm": limit, "tpm": limit, "retry_times": count,
                    "exclude_from_tests": .boolean(), "force_save_detail": .boolean(),
                    "summary_service_tier": .boolean(), "summary_claude_long_context": .boolean(),
                    "disable_resolution_fuzzy_match": .boolean(), "max_image_generation_count": count,
                    "max_video_generation_seconds": count, "max_video_generation_count": count,
                    "allowed_resolutions": .array(of: text), "request_body_storage_max_size": size,
                    "response_body_storage_max_size": size,
                ], "A whole config: what is not given is cleared."
            ).example(["model": "gpt-4o-mini", "owner": "openai", "type": 1, "rpm": 600])
        ),
        (
            "Price",
            .object(
                optional: pricePairs,
                "Prices for so many units (1000 when no unit is given); members that are not set are left out.")
        ),
        (
            "ConditionalPrice",
            .object([
                "condition": .object(
                    optional: [
                        "input_token_min": limit, "input_token_max": limit, "output_token_min": limit,
                        "output_token_max": limit, "start_time": limit, "end_time": limit,
                        "resolution": .array(of: text), "quality": .array(of: text),
                        "service_tier": .choice(["", "auto", "default", "flex", "scale", "priority"]),
                        "input_media": .boolean(), "input_video": .boolean(), "output_audio": .boolean(),
                    ], "When the price applies; what is not set matches everything."),
                "price": .named("Price"),
            ])
        ),
        (
            "ChannelShare",
            .object(
                [
                    "id": .integer(), "type": .integer(), "name": text, "priority": .integer(),
                    "weight": .number("Its share of the calls in percent while all channels work.", in: 0...100),
                ], "A channel among those that serve a model.")
        ),
        (
            "DefaultModels",
            .object(
                ["models": .array(of: text), "mapping": .map(of: text)],
                "What channels of a type without a list of their own serve.")
        ),
    ]

    static let mode = APISchema.integer(
        "The kind of call: 0 not said, 1 chat, 2 completions, 3 embeddings, 4 moderations, 5 images, 7 speech, 8 transcription, 10 rerank, 12 Anthropic, 16 Responses, 21 Gemini, …",
        in: 0...38)
    static let limit = APISchema.integer(in: 0...9_007_199_254_740_991)
    static let count = APISchema.integer(in: 0...2_147_483_647)
    static let size = APISchema.integer(
        "Bytes; 0 for the option's, below 0 for none.", in: -9_007_199_254_740_991...9_007_199_254_740_991)
    static let timeouts = APISchema.object(
        optional: ["request_timeout": seconds, "stream_request_timeout": seconds], "Seconds; 0 for the gateway's own.")
    private static let seconds = APISchema.integer(in: 0...604_800)
    private static let name = APISchema.string(limit: 128)
    private static let settings = APISchema.object(
        optional: [
            "max_context_tokens": limit, "max_input_tokens": limit, "max_output_tokens": limit, "vision": .boolean(),
            "tool_choice": .boolean(), "support_formats": .array(of: text), "support_voices": .array(of: text),
        ], "Context lengths and capabilities; other members are kept.")
    private static let plugins = APISchema.map(of: .object([:]), "The name of a plugin to its settings.")
    private static let facts: KeyValuePairs<String, APISchema> = [
        "config": settings, "plugin": plugins, "rpm": limit, "tpm": limit, "retry_times": count,
        "exclude_from_tests": .boolean(), "force_save_detail": .boolean(), "summary_service_tier": .boolean(),
        "summary_claude_long_context": .boolean(), "disable_resolution_fuzzy_match": .boolean(),
        "max_image_generation_count": count, "max_video_generation_seconds": count,
        "max_video_generation_count": count, "allowed_resolutions": .array(of: text),
        "request_body_storage_max_size": size, "response_body_storage_max_size": size,
    ]
    private static let amount = APISchema.number(in: 0...1_000_000_000)
    private static let pricePairs: KeyValuePairs<String, APISchema> = [
        "per_request_price": amount, "input_price": amount, "input_price_unit": count, "image_input_price": amount,
        "image_input_price_unit": count, "audio_input_price": amount, "audio_input_price_unit": count,
        "video_input_price": amount, "video_input_price_unit": count, "output_price": amount,
        "output_price_unit": count, "image_output_price": amount, "image_output_price_unit": count,
        "audio_output_price": amount, "audio_output_price_unit": count, "thinking_mode_output_price": amount,
        "thinking_mode_output_price_unit": count, "cached_price": amount, "cached_price_unit": count,
        "cache_creation_price": amount, "cache_creation_price_unit": count, "web_search_price": amount,
        "web_search_price_unit": count,
        "conditional_prices": .array(of: .named("ConditionalPrice")).counting(0...1000),
    ]
}
