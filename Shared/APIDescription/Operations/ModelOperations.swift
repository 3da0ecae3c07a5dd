import JSON

extension APIDescription {
    private static let configs = APISchema.array(of: .named("ModelConfig"))

    /// Contract admin-api §7.
    static let models: [APIOperation] = {
        let api = APISection(.models, .administrator, .registry)
        return [
            api.on(.get, "/api/models/builtin", "Every model that the project knows", answer: .data(configs)),
            api.on(
                .get, "/api/models/builtin/channel", "Known models by channel type", answer: .data(.map(of: configs))),
            api.on(
                .get, "/api/models/builtin/channel/:type", "Known models of a channel type", answer: .data(configs)),
            api.on(
                .get, "/api/models/enabled", "What can be called, by routing set", answer: .data(.map(of: configs))),
            api.on(.get, "/api/models/enabled/:set", "What can be called in a routing set", answer: .data(configs)),
            api.on(
                .get, "/api/models/sets", "For each model and set the channels that serve it, with their shares",
                answer: .data(.map(of: .map(of: .array(of: .named("ChannelShare")))))),
            api.on(
                .get, "/api/models/default", "What channels without a list of their own serve, by type",
                answer: .data(
                    .object(["models": .map(of: .array(of: text)), "mapping": .map(of: .map(of: text))]))),
            api.on(
                .get, "/api/models/default/:type", "The same of one type", answer: .data(.named("DefaultModels"))),
        ]
    }()

    /// Contract admin-api §8.
    static let modelConfigs: [APIOperation] = {
        let api = APISection(.modelConfigs, .administrator, .registry)
        let body = APIBody.json(
            .named("ModelConfigInput"), example: ["owner": "us", "type": 1, "price": ["input_price": 1], "rpm": 60])
        let exact = APIParameter.exactly("model", "The name")
        return [
            api.on(
                .get, "/api/model_configs", "Model configs, page by page", query: .paging + [exact],
                answer: .data(page("configs", of: "ModelConfig"))),
            api.on(.get, "/api/model_configs/all", "All model configs", answer: .data(configs)),
            api.on(
                .get, "/api/model_configs/search", "Search model configs",
                query: .paging + [exact, .exactly("owner", "The owner"), .keyword("A text in the name, in any case.")],
                answer: .data(page("configs", of: "ModelConfig"))),
            api.on(
                .post, "/api/model_configs/contains", "Which of these models have a config",
                body: .json(.object(["models": .named("Names")]), example: ["models": ["gpt-4o-mini"]]),
                answer: .data(configs)),
            api.on(
                .post, "/api/model_configs", "Save several, all or none",
                body: .json(
                    .array(of: .named("ModelConfigInput")).counting(0...10_000),
                    example: [["model": "demo/one", "type": 1]])),
            api.on(
                .post, "/api/model_configs/batch_delete", "Delete several",
                body: .json(.named("Names"), example: ["demo/gone"])),
            api.on(
                .get, "/api/model_config/*model", "One model config", answer: .data(.named("ModelConfig")),
                refuses: [.missing("model config")]),
            api.on(.post, "/api/model_config/*model", "Save a model config as a whole", body: body),
            api.on(.delete, "/api/model_config/*model", "Delete a model config", refuses: [.missing("model config")]),
        ]
    }()
}
