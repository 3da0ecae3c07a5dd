import JSON

extension APIDescription {
    /// Contract admin-api §11.
    static let options: [APIOperation] = {
        let api = APISection(.options, .administrator, .registry)
        let unknown = [APIRefusal(404, "`unknown option key`")]
        let body = APIBody.json(.named("OptionInput"), example: ["key": "NotifyNote", "value": "night shift"])
        return [
            api.on(.get, "/api/option", "All options with their stored values", answer: .data(.map(of: text))),
            api.on(
                .get, "/api/option/:key", "One option, and which value is in force", answer: .data(.named("Option")),
                refuses: unknown),
            api.on(.post, "/api/option", "Set an option", body: body, refuses: unknown),
            api.on(.put, "/api/option", "Set an option", body: body, refuses: unknown),
            api.on(
                .put, "/api/option/:key", "Set an option: the whole body is the value, without quotes",
                body: .other("text/plain", .string(), example: "2"), refuses: unknown),
            api.on(
                .post, "/api/option/batch", "Set several; unknown ones are passed over",
                body: .json(.map(of: text), example: ["NotifyNote": "night shift"])),
        ]
    }()
}
