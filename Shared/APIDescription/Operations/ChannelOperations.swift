import JSON

extension APIDescription {
    /// Contract admin-api §3 and §15.
    static let channels: [APIOperation] = {
        let api = APISection(.channels, .administrator, .registry)
        let one = APISchema.named("Channel")
        let example: JSONValue = [
            "type": 1, "name": "openai", "key": "sk-demo-0001", "base_url": "https://api.openai.com/v1",
            "models": ["gpt-4o-mini"], "model_mapping": [:], "priority": 10,
        ]
        let filters: [APIParameter] =
            .paging + [
                .query("id", .integer(), "The number of a channel; 0 for any."), .exactly("name", "The name"),
                .exactly("key", "The vendor's key"), .query("channel_type", .integer(), "The type; 0 for any."),
                .exactly("base_url", "The address"),
                .keyword("A text in the id, name, key, address, models or sets, in any case."),
                .query("search", .string(), "Another name of `keyword`."),
                .order(
                    [
                        "id", "name", "type", "created_at", "status", "balance_updated_at", "used_amount",
                        "request_count", "priority",
                    ], else: "id-desc"),
            ]
        return [
            api.on(
                .get, "/api/channels", "Channels, page by page", query: filters,
                answer: .data(page("channels", of: "Channel"))),
            api.on(
                .get, "/api/channels/search", "Search channels", query: filters,
                answer: .data(page("channels", of: "Channel"))),
            api.on(.get, "/api/channels/all", "All channels, the newest first", answer: .data(.array(of: one))),
            api.on(
                .get, "/api/channels/type_metas", "The vendors: name, form of the key, address, configs",
                answer: .data(.map(of: .named("TypeMeta")))),
            api.on(
                .post, "/api/channels", "Create several channels, all or none",
                body: .json(.array(of: .named("ChannelInput")).counting(1...10_000), example: [example])),
            api.on(
                .post, "/api/channels/batch_delete", "Delete channels",
                body: .json(.either(.named("IDs"), .object(["ids": .named("IDs")])), example: [4_000_001])),
            api.on(
                .post, "/api/channels/batch_status", "Enable or disable channels",
                body: .json(
                    .object(["ids": .named("IDs"), "status": .integer(in: 1...3)]),
                    example: ["ids": [4_000_001], "status": 2])),
            api.on(
                .post, "/api/channels/batch_info", "Names and types, of deleted channels too",
                body: .json(.named("IDs"), example: [1]), answer: .data(.array(of: .named("ChannelSummary")))),
            api.on(
                .post, "/api/channels/import/oneapi", "Take over the channels of a live One API",
                body: .json(
                    .object(["dsn": .string("`mysql://user:password@tcp(host:3306)/db` or `postgres://…`.")]),
                    example: ["dsn": "mysql://user:password@tcp(127.0.0.1:3306)/oneapi"]),
                answer: .data(.array(of: .named("ImportLine"))),
                details:
                    "The database is only read. `data` has one line for each row that was changed on the way or could not be mapped. A second import creates nothing twice."
            ),
            api.on(.post, "/api/channel", "Create a channel", body: .json(.named("ChannelInput"), example: example)),
            api.on(.get, "/api/channel/:id", "One channel", answer: .data(one), refuses: [.missing("channel")]),
            api.on(
                .put, "/api/channel/:id", "Change a channel",
                body: .json(.named("ChannelChange"), example: ["priority": 20]), answer: .data(one),
                refuses: [.missing("channel")]),
            api.on(.delete, "/api/channel/:id", "Delete a channel", refuses: [.missing("channel")]),
            api.on(
                .post, "/api/channel/:id/status", "Enable or disable a channel",
                body: .json(.object(["status": .integer(in: 1...3)]), example: ["status": 2]),
                refuses: [.missing("channel")]),
            api.on(
                .get, "/api/channel/:id/update_balance", "Ask the vendor what is left on the account",
                answer: .either(.number()), details: "Always 200; look at `success`."),
            api.on(
                .get, "/api/channels/update_balance", "Ask the vendors of all channels that want it",
                details: "Ten at a time; failures are in the log."),
        ]
    }()
}
