import JSON

extension APIDescription {
    /// Records of calls (contract admin-api §13.7–13.9). What is 0 or empty is left out.
    static let logSchemas: [(name: String, schema: APISchema)] = [
        ("Log", log),
        (
            "LogDetail",
            .object(
                ["id": .integer(), "log_id": .integer("The record that it belongs to.")],
                optional: [
                    "request_body": text, "response_body": text, "request_body_truncated": .boolean(),
                    "response_body_truncated": .boolean(),
                ], "The bodies of a call, kept for failures. In lists without `include_detail` only the two ids.")
        ),
        (
            "Logs",
            .object(
                ["logs": .array(of: .named("Log")), "total": .integer(in: 0...Int.max)],
                optional: [
                    "channels": .array(of: .integer(), "Channels used in the window."),
                    "models": .array(of: text, "Models used in the window."),
                    "token_names": .array(of: text, "Tokens of the group used in the window."),
                ])
        ),
        ("Usage", .object(optional: usage, "Counts of tokens; those of 0 are left out.")),
        (
            "Amount",
            .object(
                optional: amounts,
                "What the parts of a call cost; those of 0 and those that are not known are left out.")
        ),
    ]

    static let usage: KeyValuePairs<String, APISchema> = [
        "input_tokens": .integer(), "image_input_tokens": .integer(), "audio_input_tokens": .integer(),
        "video_input_tokens": .integer(), "output_tokens": .integer(), "image_output_tokens": .integer(),
        "audio_output_tokens": .integer(), "cached_tokens": .integer(), "cache_creation_tokens": .integer(),
        "reasoning_tokens": .integer(), "total_tokens": .integer(), "web_search_count": .integer(),
    ]
    static let amounts: KeyValuePairs<String, APISchema> = [
        "input_amount": .number(), "image_input_amount": .number(), "audio_input_amount": .number(),
        "video_input_amount": .number(), "output_amount": .number(), "image_output_amount": .number(),
        "audio_output_amount": .number(), "cached_amount": .number(), "cache_creation_amount": .number(),
        "web_search_amount": .number(), "used_amount": .number(),
    ]

    private static let log = APISchema.object(
        [
            "id": .integer(), "request_id": .string("The `X-Request-Id` of the call."),
            "created_at": .milliseconds("The end of the call"), "request_at": .milliseconds("The start of the call"),
            "model": .string("The name that was asked for."),
            "outcome": .choice(
                ["completed", "failed", "refused", "cancelledByClient", "upstreamCut", "timedOut"], "How it ended."),
            "price": .named("Price", "The price that was applied; empty when none is known."),
            "amount": .named("Amount"), "usage": .named("Usage"),
            "usage_source": .choice(["measured", "estimated", "unknown"], "Where the usage comes from."),
            "usage_context": .object([:]), "attempts": .any("Which channels were tried, and why."),
        ],
        optional: [
            "retry_at": .milliseconds("The start of the last retry"),
            "ttfb_milliseconds": .integer("Until the first byte of the answer."),
            "retry_times": .integer("Further attempts."), "upstream_model": .string("The name that was sent."),
            "mode": mode, "code": .integer("The status that the caller got."), "is_stream": .boolean(),
            "channel": .integer("The channel of the last attempt."), "group": text, "token_id": .integer(),
            "token_name": text, "endpoint": .string("The path of the request."), "ip": text, "user": text,
            "upstream_id": .string("The vendor's id of its answer."),
            "content": .string("The error of a failed call, cut at 1024 bytes."), "used_amount": .number(),
            "request_detail": .named("LogDetail"),
        ], "The record of a call.")
}
