/// The routes under /__mock/, for the tests themselves.
enum Control {
    static func answer(_ request: MockRequest, _ stats: MockStats) -> [UInt8] {
        switch (request.method, request.path) {
        case ("GET", "/__mock/stats"):
            return Answer.whole(200, "application/json", stats.json())
        case ("DELETE", "/__mock/stats"):
            stats.reset()
            return Answer.whole(200, "application/json", Array("{}".utf8))
        default:
            // Also /__mock/trap, where nobody may arrive; it is counted as a request so that a test sees it.
            stats.ended(stats.began(request), .completed)
            return Answer.whole(418, "text/plain", Array("a redirect was followed\n".utf8))
        }
    }
}
