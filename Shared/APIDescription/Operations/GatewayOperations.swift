import JSON

extension APIDescription {
    /// What needs no key.
    static let gateway: [APIOperation] = [
        APISection(.gateway, .anyone, .gateway, .registry).on(
            .get, "/api/status", "Whether the gateway runs",
            answer: .data(.object(["startTime": .milliseconds("When the process started")]))),
        APISection(.gateway, .anyone, .gateway).on(
            .get, "/openapi.json", "This description", answer: .json(.object(["openapi": text])),
            details: "With an `ETag`; a request with `If-None-Match` gets 304."),
        APISection(.gateway, .anyone, .gateway).on(
            .get, "/docs", "This description as a page",
            answer: .other("text/html", "A page that loads nothing from elsewhere.")),
    ]
}
