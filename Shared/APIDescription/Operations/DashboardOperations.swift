import JSON

extension APIDescription {
    private static let api = APISection(.dashboards, .administrator, .collector)
    private static let zone = APIParameter.query(
        "timezone", .string().example("Asia/Shanghai"), "The zone of days and months; unknown ones are the server's.")

    /// Contract admin-api §6. Times in answers are seconds.
    static let dashboards: [APIOperation] = {
        let common: [APIParameter] =
            .window + [
                zone, .exactly("model", "The model"),
                .query(
                    "fields", .string().example("request_count,usage"),
                    "What is summed, with commas: members of MetricSet, Usage and Amount, or count, usage, amount, time, all."
                ),
                .query(
                    "timespan", .string().otherwise("hour").example("day"),
                    "`minute` (not in the first version), `hour`, `day` or `month`; something else is the default."),
            ]
        let everything: [APIParameter] =
            common + [.query("channel", .integer(), "The number of the channel; 0 for all.")]
        let group: [APIParameter] = common + [.exactly("token_name", "The name of the token")]
        let type = APIParameter.query(
            "type", .string().example("week"),
            "`day`, `week`, `two_week` or `month`: how far back, when no start is given.")
        return [
            api.on(
                .get, "/api/dashboard", "Sums over time with totals, first version", query: everything + [type],
                answer: .data(.named("Dashboard"))),
            api.on(
                .get, "/api/dashboard/:group", "The same of a group", query: group + [type],
                answer: .data(.named("Dashboard"))),
            api.on(
                .get, "/api/dashboardv2", "Sums over time by channel and model, second version", query: everything,
                answer: .data(.named("TimeSeries"))),
            api.on(
                .get, "/api/dashboardv2/:group", "The same of a group, by token and model", query: group,
                answer: .data(.named("TimeSeries"))),
            api.on(
                .get, "/api/dashboardv3", "The second version with the rates of the last minute", query: everything,
                answer: .data(.named("DashboardSeries"))),
            api.on(
                .get, "/api/dashboardv3/:group", "The same of a group", query: group,
                answer: .data(.named("DashboardSeries"))),
        ]
    }()

    /// Contract admin-api §6.2. It stands among the dashboards, but it is the registry's.
    static let groupDashboards: [APIOperation] = [
        APISection(.dashboards, .administrator, .registry).on(
            .get, "/api/dashboard/:group/models", "The models that a group may call, with its limits",
            answer: .data(.array(of: .named("GroupModel"))),
            details: "For an unknown group the models of the set `default` as they are.")
    ]

    /// Contract admin-api §10.1, §10.2.
    static let rankings: [APIOperation] = {
        let query: [APIParameter] =
            .window + .paging + [
                .query("type", .choice(["group", "channel", "model"]).otherwise("group"), "What is ranked."),
                .query("timezone", .string(), "Only comes back."),
                .query(
                    "order", .string().otherwise("used_amount_desc"),
                    "`used_amount`, `request_count`, `total_tokens`, or `group_id`, `channel_id`, `model`, with `_asc` or `_desc`."
                ),
            ]
        return [
            api.on(
                .get, "/api/groups/ranking", "Who or what used most", query: query, answer: .data(.named("Ranking"))),
            api.on(
                .get, "/api/groups/consumption_ranking", "Who or what used most", query: query,
                answer: .data(.named("Ranking"))),
            api.on(
                .get, "/api/groups/ip_groups", "Addresses that several groups called from",
                query: .window + [.query("threshold", .integer().otherwise(1), "At least so many groups.")],
                answer: .data(.map(of: .array(of: text)))),
        ]
    }()
}
