import HTTPCore
import HTTPServer
import JSON
import Relay
import Routing

/// `GET /v1/models` and `/v1/models/{model}` as clients of Anthropic's protocol want them.
struct AnthropicModelList {
    /// The page that is asked for.
    private struct Page {
        var limit: Int?
        var after: String?
        var before: String?

        /// - Throws: `RelayError` for a limit that is no number from 1 to 1000.
        init(_ target: RequestTarget) throws(RelayError) {
            if let text = target.query("limit") {
                guard let number = Int(text), (1...1000).contains(number) else {
                    throw .caller(
                        code: .invalidRequest, message: "limit must be a number from 1 to 1000", field: "limit")
                }
                limit = number
            }
            after = target.query("after_id")
            before = target.query("before_id")
        }
    }

    /// The list, or the page of it that is asked for; without a limit all of it.
    ///
    /// - Throws: `RelayError` for a page that cannot be.
    static func list(_ models: [String], _ request: ServerRequest) throws(RelayError) -> [UInt8] {
        let page = try Page(request.head.target)
        var rest = models[...]
        if let after = page.after { rest = rest[try place(of: after, in: models, "after_id") + 1..<models.count] }
        if let before = page.before {
            let end = try place(of: before, in: models, "before_id")
            rest = models[min(rest.startIndex, end)..<end]
        }
        let limit = page.limit ?? rest.count
        let shown = page.before != nil ? rest.suffix(limit) : rest.prefix(limit)
        var json = JSONWriter(reserving: 4096)
        json.object { root in
            root.key("data")
            root.array { data in
                for model in shown { write(model, &data) }
            }
            root.field("has_more", shown.count < rest.count)
            root.key("first_id")
            if let first = shown.first { root.string(first) } else { root.null() }
            root.key("last_id")
            if let last = shown.last { root.string(last) } else { root.null() }
        }
        return json.bytes
    }

    private static func place(of id: String, in models: [String], _ field: String) throws(RelayError) -> Int {
        guard let place = models.firstIndex(of: id) else {
            throw .caller(code: .invalidRequest, message: "\(field) names no model of the list", field: field)
        }
        return place
    }

    /// One model.
    static func write(_ model: String, _ json: inout JSONWriter) {
        json.object { row in
            row.field("type", "model")
            row.field("id", model)
            row.field("display_name", model)
            row.field("created_at", "2021-07-20T10:40:00Z")
            row.field("lifecycle", "active")
        }
    }
}
