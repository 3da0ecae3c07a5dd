import JSON

extension APIDescription {
    /// Contract admin-api §4.
    static let channelTests: [APIOperation] = {
        let api = APISection(.channels, .administrator, .gateway)
        let one = APISchema.named("ChannelTest")
        let items = APISchema.array(of: .named("ChannelTestItem"))
        let showsBody = APIParameter.flag("success_body", "Whether a success comes with the body of the answer.")
        let run: [APIParameter] = [
            .flag("return_success", "Whether successes are told too."), showsBody,
            .flag("stream", "Whether each result is told as it comes, as `data: <item>`."),
        ]
        let preview: JSONValue = [
            "type": 1, "key": "sk-demo-0001", "base_url": "https://api.openai.com/v1", "model": "gpt-4o-mini",
        ]
        let previews: JSONValue = [
            "type": 1, "key": "sk-demo-0001", "base_url": "https://api.openai.com/v1", "models": ["gpt-4o-mini"],
        ]
        let always = "Always 200: when the vendor failed, `success` is true and `data.success` is not."
        let five = always + " Five models are tested at once, in random order; whoever hangs up stops the rest."
        return [
            api.on(
                .get, "/api/channel/:id/test/*model", "Test a model of a channel", query: [showsBody],
                answer: .either(one), details: always),
            api.on(
                .get, "/api/channel/:id/test", "Test all models of a channel", query: run, answer: .dataOrEvents(items),
                details: five),
            api.on(
                .get, "/api/channels/test", "Test all models of all enabled channels",
                query: run + [.flag("test_disabled", "Whether disabled channels are tested too.")],
                answer: .dataOrEvents(items), details: five),
            api.on(
                .post, "/api/channel/test-preview", "Test a model of a channel that is not saved",
                body: .json(.named("ChannelPreview"), example: preview), answer: .either(one), details: always),
            api.on(
                .post, "/api/channel/test-preview-all", "Test models of a channel that is not saved", query: run,
                body: .json(.named("ChannelPreview"), example: previews), answer: .dataOrEvents(items), details: five),
        ]
    }()
}
