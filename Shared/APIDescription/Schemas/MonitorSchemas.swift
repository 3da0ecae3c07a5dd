import JSON

extension APIDescription {
    /// Rates and errors (contract admin-api §12).
    static let monitorSchemas: [(name: String, schema: APISchema)] = [
        (
            "Rate",
            .object([
                "rpm": .integer("Calls in the last 60 seconds."), "tpm": .integer("Tokens in the last 60 seconds."),
                "rps": .integer("Calls in this second."), "tps": .integer("Tokens in this second."),
            ])
        ),
        (
            "Health",
            .all(
                .named("Rate"),
                .object([
                    "requests": .integer("Attempts in two minutes."), "errors": .integer("Those of them that failed."),
                    "error_rate": .number(in: 0...1),
                ]))
        ),
        (
            "ModelHealth",
            .all(
                .named("Health"),
                .object([
                    "banned_channels": .integer(), "accessible_groups": .integer("How many routing sets have it."),
                    "accessible_sets": .array(of: text, "Null inside a channel.").nullable,
                    "channels": .map(of: .named("ChannelHealth"), "Null inside a channel.").nullable,
                ]))
        ),
        (
            "ChannelHealth",
            .all(
                .named("Health"),
                .object([
                    "banned_models": .integer(),
                    "models": .map(of: .named("ModelHealth"), "Null inside a model.").nullable,
                ]))
        ),
        (
            "GroupModel",
            .object(
                ["model": text, "owner": text, "type": mode, "price": .named("Price")],
                optional: [
                    "config": .object([:]), "rpm": limit, "tpm": limit, "enabled_plugins": .array(of: text),
                    "max_image_generation_count": limit, "max_video_generation_seconds": limit,
                    "max_video_generation_count": limit,
                ], "A model with the limits that hold for a group.")
        ),
    ]
}
