import JSON

extension APIDescription {
    /// Tokens, groups, and what a group has of its own for models (contract admin-api §13.3–13.5).
    static let tenantSchemas: [(name: String, schema: APISchema)] = [
        ("Token", token),
        (
            "TokenInput",
            .object(
                ["name": .string("At most 32 bytes; once in a group.", limit: 32).nonempty], optional: tokenSettings,
                "What creates a token; its key is made here."
            ).example(["name": "svc", "models": ["gpt-4o-mini"], "subnets": ["10.0.0.0/8"], "quota": 100])
        ),
        (
            "TokenChange",
            .object(
                optional: [
                    "name": .string("Empty leaves it as it is.", limit: 32),
                    "status": .integer("0 leaves it as it is.", in: 0...2), "models": .array(of: text),
                    "subnets": subnets,
                    "quota": money, "period_quota": money, "period_type": period,
                    "period_last_update_time": periodStart,
                ], "What is not given stays as it is; something must be given."
            ).example(["period_quota": 10, "period_type": "daily"])
        ),
        ("Group", group),
        (
            "GroupChange",
            .object(
                optional: [
                    "status": .integer("0 leaves it as it is; not on create.", in: 0...2), "rpm_ratio": ratio,
                    "tpm_ratio": ratio, "available_sets": .array(of: text, "Empty is `default`."),
                    "balance_alert_enabled": .boolean(), "balance_alert_threshold": money,
                ], "What is not given stays as it is.")
        ),
        (
            "GroupModelConfig",
            .object(
                [
                    "group_id": text, "model": text, "override_limit": .boolean(), "rpm": limit, "tpm": limit,
                    "override_price": .boolean(), "price": .named("Price"), "override_retry_times": .boolean(),
                    "retry_times": limit, "override_timeout_config": .boolean(), "timeout_config": timeouts,
                    "override_force_save_detail": .boolean(), "force_save_detail": .boolean(),
                    "override_max_image_generation_count": .boolean(), "max_image_generation_count": limit,
                    "override_max_video_generation_seconds": .boolean(), "max_video_generation_seconds": limit,
                    "override_max_video_generation_count": .boolean(), "max_video_generation_count": limit,
                    "override_request_body_storage_max_size": .boolean(), "request_body_storage_max_size": size,
                    "override_response_body_storage_max_size": .boolean(), "response_body_storage_max_size": size,
                    "override_summary_service_tier": .boolean(), "summary_service_tier": .boolean(),
                    "override_summary_claude_long_context": .boolean(), "summary_claude_long_context": .boolean(),
                ], "Switches and values; a value counts while its switch is true.")
        ),
        (
            "GroupModelInput",
            .object(
                optional: [
                    "model": .string("The name; in a list.", limit: 128), "override_limit": .boolean(), "rpm": limit,
                    "tpm": limit, "override_price": .boolean(), "price": .named("Price"),
                    "override_retry_times": .boolean(), "retry_times": limit, "override_timeout_config": .boolean(),
                    "timeout_config": timeouts, "override_force_save_detail": .boolean(),
                    "force_save_detail": .boolean(), "override_max_image_generation_count": .boolean(),
                    "max_image_generation_count": limit, "override_max_video_generation_seconds": .boolean(),
                    "max_video_generation_seconds": limit, "override_max_video_generation_count": .boolean(),
                    "max_video_generation_count": limit, "override_request_body_storage_max_size": .boolean(),
                    "request_body_storage_max_size": size, "override_response_body_storage_max_size": .boolean(),
                    "response_body_storage_max_size": size, "override_summary_service_tier": .boolean(),
                    "summary_service_tier": .boolean(), "override_summary_claude_long_context": .boolean(),
                    "summary_claude_long_context": .boolean(),
                ], "POST clears what is not given, PUT leaves it as it is."
            ).example(["model": "gpt-4o-mini", "override_limit": true, "rpm": 60])
        ),
    ]

    /// A factor on the limits of models.
    static let ratio = APISchema.number(
        "A factor on the limits of models; 0 and less act as 1.", in: -1_000_000_000...1_000_000_000)
    private static let money = APISchema.number("0 for no bound.", in: 0...1_000_000_000_000_000)
    private static let period = APISchema.choice(["daily", "weekly", "monthly", ""], "Empty is monthly.")
    private static let subnets = APISchema.array(of: text, "CIDR blocks; empty for any address.").example(["10.0.0.0/8"]
    )
    private static let periodStart = APISchema.integer(
        "When the period began, in milliseconds since 1970.", in: -62_135_596_800_000...253_402_300_799_999)
    private static let tokenSettings: KeyValuePairs<String, APISchema> = [
        "models": .array(of: text, "Empty for all models of the group."), "subnets": subnets, "quota": money,
        "period_quota": money, "period_type": period, "period_last_update_time": periodStart,
    ]

    private static let token = APISchema.object(
        [
            "id": .integer(), "key": .string("The key, in clear; callers may put `sk-` before it."), "name": text,
            "group": text, "subnets": .array(of: text), "models": .array(of: text),
            "status": .integer("1 enabled, 2 disabled."), "used_amount": .number(), "request_count": .integer(),
            "quota": .number("0 for none."), "period_quota": .number("0 for none."), "period_type": text,
            "period_last_update_time": .milliseconds("When the period began; -62135596800000 for never"),
            "period_last_update_amount": .number("What was used when the period began."),
            "created_at": .milliseconds("When it was created"),
            "accessed_at": .milliseconds("When it was used last; 0 for never"),
        ], "A key that a tenant calls with."
    ).example([
        "id": 12, "key": "0aB9", "name": "svc", "group": "team-a", "subnets": ["10.0.0.0/8"], "models": ["gpt-4o-mini"],
        "status": 1, "used_amount": 1, "request_count": 88, "quota": 100, "period_quota": 10, "period_type": "monthly",
        "period_last_update_time": 1_780_272_000_000, "period_last_update_amount": 0, "created_at": 1_779_000_000_000,
        "accessed_at": 1_782_711_240_000,
    ])

    private static let group = APISchema.object(
        [
            "id": .string("At most 64 bytes."), "status": .integer("1 enabled, 2 disabled."), "used_amount": .number(),
            "request_count": .integer(), "balance_alert_enabled": .boolean(), "balance_alert_threshold": .number(),
            "created_at": .milliseconds("When it was created"),
        ],
        optional: [
            "rpm_ratio": .number(), "tpm_ratio": .number(),
            "available_sets": .array(of: text, "Left out for `default`."),
            "accessed_at": .milliseconds("When it was used last"),
        ], "A tenant."
    ).example([
        "id": "team-a", "status": 1, "used_amount": 12, "request_count": 5021, "available_sets": ["default", "eu"],
        "balance_alert_enabled": false, "balance_alert_threshold": 0, "created_at": 1_779_000_000_000,
    ])
}
