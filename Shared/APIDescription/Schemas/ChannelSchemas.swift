import JSON

extension APIDescription {
    /// Channels and what belongs to them (contract admin-api §13.1, §14.2, §15).
    static let channelSchemas: [(name: String, schema: APISchema)] = [
        ("Channel", channel),
        (
            "ChannelInput",
            .object(
                ["type": .integer("The vendor; see `/api/channels/type_metas`.", in: 1...55)],
                optional: [
                    "name": .string("Not unique.", limit: 64),
                    "key": .string("The vendor's key. On create, each line makes a channel of its own."),
                    "base_url": .string("Empty for the type's own address.", limit: 128),
                    "proxy_url": .string("`http://`, `https://` or `socks5://`; empty for none.", limit: 255),
                    "models": .array(of: text, "Empty for the models of the type."),
                    "model_mapping": .map(of: text, "Requested name to the vendor's name."),
                    "priority": .integer("Weight; 0 acts as 10.", in: 0...2_147_483_647),
                    "status": .integer("Only on create; 0 acts as 1.", in: 0...3),
                    "sets": .array(of: text, "Routing sets; empty is `default`."),
                    "configs": .object([:], "By the type's `configSchema`."),
                    "enabled_auto_balance_check": .boolean(), "skip_tls_verify": .boolean(),
                    "enabled_no_permission_ban": .boolean(
                        "Ban a model at once when the vendor answers 401, 402, 403 or 404."),
                    "warn_error_rate": .number("0 for the option's.", in: 0...1_000_000),
                    "max_error_rate": .number("0 for no ban.", in: 0...1_000_000),
                ], "What creates a channel.")
        ),
        (
            "ChannelChange",
            .object(
                optional: [
                    "type": .integer(in: 0...55), "name": .string(limit: 64),
                    "key": .string("One line."), "base_url": .string(limit: 128),
                    "proxy_url": .string(limit: 255).nullable, "models": .array(of: text),
                    "model_mapping": .map(of: text).nullable,
                    "priority": .integer(in: 0...2_147_483_647),
                    "status": .integer("Ignored; there is a route of its own.", in: 0...3),
                    "sets": .array(of: text).nullable, "configs": .object([:]).nullable,
                    "enabled_auto_balance_check": .boolean(), "skip_tls_verify": .boolean(),
                    "enabled_no_permission_ban": .boolean(), "warn_error_rate": .number(in: 0...1_000_000),
                    "max_error_rate": .number(in: 0...1_000_000),
                ],
                "What changes a channel: members that are not given stay as they are, an empty name too; null clears `model_mapping`, `configs`, `sets` and `proxy_url`."
            )
        ),
        (
            "ChannelSummary",
            .object(
                ["id": .integer(), "name": text, "type": .integer()], "What is left of a channel after its deletion.")
        ),
        (
            "TypeMeta",
            .object(
                [
                    "name": text, "keyHelp": .string("The form of its keys, or empty."),
                    "defaultBaseUrl": .string("Its address, or empty."), "readme": .string("Help for the operator."),
                ], optional: ["configSchema": .object([:], "A JSON Schema of `configs`.")])
        ),
        (
            "ChannelTest",
            .object(
                [
                    "test_at": .milliseconds("When the test began"), "model": text,
                    "actual_model": .string("The vendor's name of the model."),
                    "response": .string("The error; the body of a good answer only where it was asked for."),
                    "channel_name": text, "channel_type": .integer(),
                    "channel_id": .integer("0 for a channel that is not saved."), "took": .number("Seconds."),
                    "success": .boolean("Whether the vendor answered as it should."),
                    "mode": .integer("How the model was called; 1 is a chat."),
                    "code": .integer("The status that a caller would have got."),
                ], "What came of one small call to a model of a channel.")
        ),
        (
            "ChannelTestItem",
            .object(
                ["success": .boolean("Whether the model could be tested.")],
                optional: ["data": .named("ChannelTest"), "message": .string("Why it could not.")])
        ),
        (
            "ChannelPreview",
            .object(
                ["type": .integer("The vendor; see `/api/channels/type_metas`.", in: 1...55), "key": text.nonempty],
                optional: [
                    "model": .string("What is tested, of one."),
                    "models": .array(of: text, "What is tested, of several."),
                    "base_url": text, "proxy_url": text, "name": text,
                    "model_mapping": .map(of: text, "Requested name to the vendor's name."),
                    "skip_tls_verify": .boolean(), "configs": .object([:]),
                ], "A channel that is not saved.")
        ),
        (
            "ImportLine",
            .object(
                [
                    "id": .integer("The row's id in One API."), "name": text,
                    "imported": .boolean("Whether a channel stands for the row now."),
                ],
                optional: [
                    "change": .string("What was changed on the way."), "error": .string("Why there is no channel."),
                ])
        ),
    ]

    private static let channel = APISchema.object(
        [
            "id": .integer(), "type": .integer("See `/api/channels/type_metas`."), "name": text,
            "key": .string("The vendor's key, in clear."), "base_url": .string("Empty for the type's own address."),
            "proxy_url": text, "models": .array(of: text), "model_mapping": .map(of: text),
            "status": .integer("1 enabled, 2 disabled, 3 disabled automatically.", in: 0...3),
            "priority": .integer("Weight; 0 acts as 10."), "balance": .number("What the vendor said last."),
            "balance_threshold": .number(), "used_amount": .number("All that was spent."),
            "request_count": .integer("Attempts."), "retry_count": .integer("Attempts that another channel took over."),
            "enabled_auto_balance_check": .boolean(), "skip_tls_verify": .boolean(),
            "enabled_no_permission_ban": .boolean(), "warn_error_rate": .number(), "max_error_rate": .number(),
            "created_at": .milliseconds("When it was created"),
            "balance_updated_at": .milliseconds("When the balance was asked for; -62135596800000 for never"),
            "last_test_error_at": .milliseconds("When a test failed last; -62135596800000 for never"),
        ],
        optional: [
            "sets": .array(of: text, "Routing sets; left out for `default`."), "configs": .object([:]),
            "accessed_at": .milliseconds("The minute of the last call"),
            "channel_tests": .array(
                of: .named("ChannelTest"),
                "The newest of each model that was tested; only where one channel is asked for."),
        ], "A vendor, its address, its key and the models that it serves."
    ).example([
        "id": 7, "type": 1, "name": "main-openai", "key": "sk-demo-0001", "base_url": "https://llm.example.net/v1",
        "proxy_url": "", "models": ["gpt-4o-mini"], "model_mapping": ["gpt-4o-mini": "gpt-4o-mini-eu"], "status": 1,
        "priority": 20, "balance": 0, "balance_threshold": 0, "used_amount": 4, "request_count": 412, "retry_count": 6,
        "enabled_auto_balance_check": false, "skip_tls_verify": false, "enabled_no_permission_ban": false,
        "warn_error_rate": 0, "max_error_rate": 0, "sets": ["default"], "created_at": 1_782_700_000_000,
        "balance_updated_at": -62_135_596_800_000, "last_test_error_at": -62_135_596_800_000,
    ])
}
