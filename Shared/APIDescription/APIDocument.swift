import JSON

extension APIDescription {
    /// The OpenAPI 3.1 document as JSON; made once, always the same bytes.
    package static let document: [UInt8] = JSONValue.object(root).serialized()

    private static var root: JSONObject {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Switchboard", "version": "1",
                "description":
                    "An AI gateway: model calls under `/v1`, its administration under `/api`, compatible with AI Proxy. A slash at the end of a path makes no difference. Unknown query parameters are ignored, malformed ones are 400 and named.",
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                APITag.allCases.map { ["name": .string($0.rawValue), "description": .string($0.about)] }),
            "paths": .object(paths), "components": components,
        ]
    }

    private static var paths: JSONObject {
        var paths = JSONObject()
        for operation in operations {
            let template = operation.template
            var item = paths[template]?.object ?? JSONObject()
            item[operation.method.rawValue.lowercased()] = .object(operation.rendered)
            paths[template] = .object(item)
        }
        return paths
    }

    private static var components: JSONValue {
        var named = JSONObject()
        for (name, schema) in schemas { named[name] = schema.value }
        return [
            "schemas": .object(named),
            "securitySchemes": [
                "bearer": [
                    "type": "http", "scheme": "bearer",
                    "description":
                        "The admin key; for the relay a token of a group, or the admin key. `sk-` before it makes no difference.",
                ],
                "query": [
                    "type": "apiKey", "in": "query", "name": "key",
                    "description": "The admin key, when there is no `Authorization`.",
                ],
                "xAPIKey": ["type": "apiKey", "in": "header", "name": "x-api-key"],
                "apiKey": ["type": "apiKey", "in": "header", "name": "api-key"],
                "xGoogAPIKey": ["type": "apiKey", "in": "header", "name": "x-goog-api-key"],
            ],
        ]
    }
}

extension APIOperation {
    /// The path as OpenAPI writes it: `{name}` for what varies.
    package var template: String {
        "/"
            + path.split(separator: "/").map { segment in
                segment.first == ":" || segment.first == "*" ? "{\(segment.dropFirst())}" : String(segment)
            }.joined(separator: "/")
    }

    /// A name that is unique in the document: the method and the path in camel case.
    var identifier: String {
        let words = path.split { "/_.-".contains($0) }.flatMap { word -> [Substring] in
            word.first == ":" || word.first == "*" ? ["By", word.dropFirst()] : [word]
        }
        return method.rawValue.lowercased()
            + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// The operation as it stands in the document.
    var rendered: JSONObject {
        var object: JSONObject = [
            "operationId": .string(identifier), "tags": [.string(tag.rawValue)], "summary": .string(summary),
        ]
        if !details.isEmpty { object["description"] = .string(details) }
        let parameters = pathParameters + self.parameters.filter { $0.place == .query }
        if !parameters.isEmpty { object["parameters"] = .array(parameters.map(\.rendered)) }
        if let body {
            var content: JSONObject = ["schema": body.schema.value]
            if let example = body.example { content["example"] = example }
            object["requestBody"] = ["required": true, "content": .object([body.contentType: .object(content)])]
        }
        object["responses"] = .object(responses)
        object["security"] = security
        return object
    }

    private var security: JSONValue {
        switch caller {
        case .anyone: []
        case .administrator: [["bearer": []], ["query": []]]
        case .keyHolder: [["bearer": []], ["xAPIKey": []], ["apiKey": []], ["xGoogAPIKey": []]]
        }
    }

    private var pathParameters: [APIParameter] {
        path.split(separator: "/").filter { $0.first == ":" || $0.first == "*" }.map { segment in
            let name = String(segment.dropFirst())
            return parameters.first { $0.place == .path && $0.name == name }
                ?? APIParameter.usual(name, isRelay: caller == .keyHolder)
        }
    }

    // MARK: Answers

    private var responses: JSONObject {
        var responses: JSONObject = ["200": success]
        if caller == .keyHolder {
            for refusal in refusals {
                responses[String(refusal.status)] = Self.response(refusal.about, errors)
            }
            responses["default"] = Self.response(
                "Refused, or failed at the vendor: an error in the route's protocol.", errors)
            return responses
        }
        var refusals: [(Int, String)] = self.refusals.map { ($0.status, $0.about) }
        refusals.append((400, "The request is malformed; the message names the parameter or member."))
        if body != nil { refusals.append((413, "The body is too long.")) }
        if caller == .administrator {
            refusals.append((401, "The admin key is missing or wrong."))
            refusals.append((503, "The service or its database does not answer; try again."))
        }
        for (status, about) in refusals.sorted(by: { $0.0 < $1.0 }) {
            responses[String(status)] = Self.response(about, .named("Failure"))
        }
        return responses
    }

    private var success: JSONValue {
        switch answer {
        case .done: Self.response("Done.", .named("Done"))
        case .data(let schema): Self.response("The answer.", Self.envelope(schema))
        case .either(let schema):
            Self.response("The answer, or why there is none.", .either(Self.envelope(schema), .named("Failure")))
        case .json(let schema): Self.response("The answer.", schema)
        case .jsonOrEvents(let schema): Self.withEvents(schema)
        case .dataOrEvents(let schema): Self.withEvents(.either(Self.envelope(schema), .named("Failure")))
        case .other(let type, let about):
            ["description": .string(about), "content": .object([type: ["schema": APISchema.string().value]])]
        }
    }

    private static func withEvents(_ schema: APISchema) -> JSONValue {
        [
            "description": "The answer, or a stream of events.",
            "content": [
                "application/json": ["schema": schema.value], "text/event-stream": [:],
            ],
        ]
    }

    private static func envelope(_ data: APISchema) -> APISchema {
        .all(.named("Envelope"), .object(["data": data, "success": .always(true)]))
    }

    private static func response(_ about: String, _ schema: APISchema) -> JSONValue {
        ["description": .string(about), "content": ["application/json": ["schema": schema.value]]]
    }
}

extension APIParameter {
    /// What a segment of this name holds on most routes.
    static func usual(_ name: String, isRelay: Bool = false) -> APIParameter {
        switch name {
        case "id" where isRelay: .path(name, APISchema.string().nonempty.example("resp_1"), "Its id.")
        case "id": .path(name, APISchema.integer().example(1), "Its number.")
        case "log_id": .path(name, APISchema.integer().example(1), "The number of the record.")
        case "type": .path(name, APISchema.integer().example(1), "The number of a channel type.")
        case "model":
            .path(name, APISchema.string().nonempty.example("gpt-4o-mini"), "The name of a model; it may hold slashes.")
        case "group": .path(name, APISchema.string().nonempty.example("team-a"), "The id of a group.")
        case "set": .path(name, APISchema.string().nonempty.example("default"), "A routing set.")
        case "key": .path(name, APISchema.string().nonempty.example("RetryTimes"), "The name of the option.")
        default: .path(name, APISchema.string().nonempty, "")
        }
    }

    /// The parameter as it stands in the document.
    var rendered: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "in": .string(place.rawValue), "required": .bool(isRequired),
            "description": .string(about), "schema": schema.value,
        ]
        if about.isEmpty { object["description"] = nil }
        if !isRequired { object["required"] = nil }
        return .object(object)
    }
}
