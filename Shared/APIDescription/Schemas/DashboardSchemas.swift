import JSON

extension APIDescription {
    /// Sums of calls (contract admin-api §6, §10.2). Times are seconds.
    static let dashboardSchemas: [(name: String, schema: APISchema)] = [
        (
            "MetricSet",
            .object(
                ["request_count": .integer()],
                optional: [
                    "retry_count": .integer(), "exception_count": .integer("Calls with another status than 200."),
                    "status_2xx_count": .integer(), "status_4xx_count": .integer(), "status_5xx_count": .integer(),
                    "status_other_count": .integer(), "status_400_count": .integer(), "status_429_count": .integer(),
                    "status_500_count": .integer(), "cache_hit_count": .integer(), "cache_creation_count": .integer(),
                    "total_time_milliseconds": .integer("Divide by `request_count`."),
                    "total_ttfb_milliseconds": .integer("Divide by `request_count`."),
                ], "Sums; those of 0 are left out. The members of Usage and Amount stand beside them.")
        ),
        (
            "Sums",
            .all(
                .named("MetricSet"), .named("Usage"), .named("Amount"),
                .object([
                    "service_tier_flex": .named("MetricSet"), "service_tier_priority": .named("MetricSet"),
                    "claude_long_context": .named("MetricSet"),
                ]))
        ),
        (
            "ChartPoint",
            .all(.named("Sums"), .object(["timestamp": .seconds("The start of the span")]))
        ),
        (
            "Dashboard",
            .all(
                .named("Sums"),
                .object(
                    [
                        "chart_data": .array(of: .named("ChartPoint")),
                        "rpm": .integer("Calls in the last 60 seconds."),
                        "tpm": .integer("Tokens in the last 60 seconds."),
                        "max_rpm": .integer(), "max_tpm": .integer(), "total_count": .integer(),
                    ],
                    optional: [
                        "channels": .array(of: .integer()), "models": .array(of: text),
                        "token_names": .array(of: text, "With a group."),
                    ]))
        ),
        (
            "TimeSeries",
            .array(
                of: .object([
                    "timestamp": .seconds("The start of the span"), "summary": .array(of: .named("Summary")),
                ]))
        ),
        (
            "Summary",
            .all(
                .named("Sums"),
                .object(
                    [
                        "timestamp": .seconds("The start of the span"), "model": text,
                        "max_rpm": .integer("The most calls in one minute of the span."),
                        "max_tpm": .integer("The most tokens in one minute of the span."),
                    ], optional: ["channel_id": .integer(), "group_id": text, "token_name": text]))
        ),
        (
            "DashboardSeries",
            .object(
                ["time_series": .named("TimeSeries"), "rpm": .integer(), "tpm": .integer()],
                optional: [
                    "channels": .array(of: .integer()), "models": .array(of: text), "token_names": .array(of: text),
                ])
        ),
        (
            "Ranking",
            .object([
                "items": .array(
                    of: .object(
                        [
                            "rank": .integer(), "request_count": .integer(), "input_tokens": .integer(),
                            "output_tokens": .integer(), "total_tokens": .integer(), "used_amount": .number(),
                        ], optional: ["group_id": text, "channel_id": .integer(), "model": text])),
                "total": .integer(), "type": .choice(["group", "channel", "model"]), "timezone": text,
            ])
        ),
    ]
}
