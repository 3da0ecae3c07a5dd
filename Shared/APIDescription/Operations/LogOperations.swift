import JSON

extension APIDescription {
    private static let csv =
        "CSV with a byte order mark, a row for each call, as a stream. The trailer `X-Export-Count` tells how many; without it the file is not whole."

    /// Contract admin-api §5. Times in answers are milliseconds; no list reaches further back than 7 days before its end.
    static let logs: [APIOperation] = {
        let api = APISection(.logs, .administrator, .collector)
        let common: [APIParameter] =
            .window + [
                .exactly("model_name", "The model that was asked for"), .exactly("request_id", "The id of the request"),
                .exactly("upstream_id", "The vendor's id of its answer"), .exactly("ip", "The caller's address"),
                .exactly("user", "The caller's own user"),
                .query(
                    "code_type", .string().example("error"),
                    "`success` for code 200, `error` for any other; something else for all."),
                .query("code", .integer(), "The status that the caller got; 0 for any. Not with `code_type`."),
            ]
        let channel = APIParameter.query("channel", .integer(), "The number of the channel; 0 for any.")
        let listing: [APIParameter] =
            .paging + [
                .order(["created_at", "request_at", "id"], else: "created_at-desc"),
                .flag("include_detail", "With the bodies of failed calls."),
            ]
        let token: [APIParameter] = [
            .query("token_id", .integer(), "The number of the token; 0 for any."),
            .exactly("token_name", "The name of the token"),
        ]
        let keyword = APIParameter.query(
            "keyword", .string(), "Equal to the request id, vendor's id, group, model or token name.")
        let group = APIParameter.exactly("group", "The group")
        let export: [APIParameter] =
            common + token + [
                .query("order", .choice(["asc", "desc"]).otherwise("desc"), "By the end of the call."),
                .query(
                    "timezone", .string().example("Europe/Berlin"),
                    "The zone of the times; unknown ones are the server's."),
                .query("max_entries", .integer(), "At most so many rows; 0 and less for all."),
                .flag("include_detail", "With the bodies of failed calls."),
                .query(
                    "chunk_interval", .string().otherwise("30m"), "How much time one statement looks at: 10m to 4h."),
            ]
        let missing = [APIRefusal(404, "`record not found`: there is no such call, or no bodies are kept of it")]
        return [
            api.on(
                .get, "/api/logs", "Calls, page by page", query: common + [channel] + listing,
                answer: .data(.named("Logs"))),
            api.on(
                .get, "/api/logs/search", "Search calls", query: common + [channel, group, keyword] + token + listing,
                answer: .data(.named("Logs"))),
            api.on(
                .get, "/api/logs/detail/:log_id", "The bodies of a call", answer: .data(.named("LogDetail")),
                refuses: missing),
            api.on(
                .get, "/api/log/:group", "Calls of a group, page by page", query: common + token + listing,
                answer: .data(.named("Logs"))),
            api.on(
                .get, "/api/log/:group/search", "Search calls of a group", query: common + [keyword] + token + listing,
                answer: .data(.named("Logs"))),
            api.on(
                .get, "/api/log/:group/detail/:log_id", "The bodies of a call of a group",
                answer: .data(.named("LogDetail")), refuses: missing),
            api.on(
                .get, "/api/logs/export", "Calls as CSV", query: export + [channel, group],
                answer: .other("text/csv", csv),
                details: "Reaches back 30 days from its end at most."),
            api.on(
                .get, "/api/log/:group/export", "Calls of a group as CSV",
                query: export + [
                    .flag("include_channel", "With the channel."), .flag("include_retry_at", "With the last retry."),
                ], answer: .other("text/csv", csv)),
            api.on(
                .get, "/api/logs/consume_error", "Calls whose charge could not be stored; there never are any",
                answer: .data(.object(["logs": .array(of: .object([:])), "total": .integer()]))),
            api.on(
                .delete, "/api/logs", "Delete the calls before a time",
                query: [
                    .query(
                        "timestamp", .integer(in: 1...253_402_300_799_999).example(1_000_000_000_000),
                        "Milliseconds since 1970, here always.", isRequired: true)
                ], answer: .data(.integer("How many calls were deleted."))),
        ]
    }()
}
