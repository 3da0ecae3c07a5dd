import JSON

extension APIDescription {
    /// Contract admin-api §12. What the gateways saw of channels in the last two minutes, and of callers in the last.
    static let monitor: [APIOperation] = {
        let api = APISection(.monitor, .administrator, .registry)
        let rate = APISchema.number("The share of attempts that failed, 0 below ten attempts.", in: 0...1)
        let group = APISchema.named("Rate")
        func pair(_ members: KeyValuePairs<String, APISchema>) -> APISchema {
            .object(["items": .array(of: .all(.named("Rate"), .object(members)))])
        }
        return [
            api.on(
                .get, "/api/monitor", "Error rates by channel and model", answer: .data(.map(of: .map(of: rate)))),
            api.on(.get, "/api/monitor/models", "Error rates by model", answer: .data(.map(of: rate))),
            api.on(.get, "/api/monitor/:id", "Error rates of the models of a channel", answer: .data(.map(of: rate))),
            api.on(
                .get, "/api/monitor/banned_channels", "For each model the channels on which it is banned",
                answer: .data(.map(of: .array(of: .integer())))),
            api.on(
                .get, "/api/monitor/runtime_metrics", "Rates, errors and bans of models, channels and both",
                answer: .data(
                    .object([
                        "models": .map(of: .named("ModelHealth")), "channels": .map(of: .named("ChannelHealth")),
                        "channel_models": .map(
                            of: .map(of: .all(.named("Health"), .object(["banned": .boolean()])))),
                    ]))),
            api.on(.delete, "/api/monitor", "Forget all errors and bans"),
            api.on(.delete, "/api/monitor/:id", "Forget the errors and bans of a channel"),
            api.on(.delete, "/api/monitor/:id/*model", "Forget the errors and the ban of a model on a channel"),
            api.on(
                .get, "/api/monitor/group_summary_metrics", "Rates of groups",
                query: [.query("groups", .string().example("team-a,team-b"), "Their ids, with commas.")],
                answer: .data(.object(["groups": .map(of: group)]))),
            api.on(
                .get, "/api/monitor/group_token_metrics/:group", "Rates of the tokens of a group",
                answer: .data(.object(["tokens": .map(of: group)]))),
            api.on(
                .get, "/api/monitor/group_model_metrics/:group", "Rates of the models of a group",
                answer: .data(.object(["models": .map(of: group)]))),
            api.on(
                .get, "/api/monitor/group_tokenname_model_metrics/:group", "Rates of a group by token and model",
                answer: .data(pair(["group": text, "token_name": text, "model": text]))),
            api.on(
                .post, "/api/monitor/batch_group_token_metrics", "Rates of several tokens",
                body: .json(
                    .object([
                        "items": .array(of: .object(["group": text, "token_name": text])).counting(0...10_000)
                    ]), example: ["items": [["group": "team-a", "token_name": "svc"]]]),
                answer: .data(pair(["group": text, "token_name": text]))),
        ]
    }()
}
