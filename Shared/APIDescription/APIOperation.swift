package import JSON

/// The methods that routes have.
package enum APIMethod: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
}

/// Who may call a route.
package enum APICaller: Sendable {
    /// Anybody, without a key.
    case anyone
    /// Whoever holds the admin key.
    case administrator
    /// Whoever holds a token of a group, or the admin key.
    case keyHolder
}

/// The service that answers a route. The gateway is in front of all and passes on what is not its own.
package enum APIOwner: Hashable, Sendable {
    case gateway
    case registry
    case collector
}

/// The families of routes, in the order of the page.
package enum APITag: String, CaseIterable, Sendable {
    case relay = "Relay"
    case channels = "Channels"
    case models = "Models"
    case modelConfigs = "Model configs"
    case tokens = "Tokens"
    case groups = "Groups"
    case groupModels = "Group model configs"
    case options = "Options"
    case monitor = "Monitor"
    case logs = "Logs"
    case dashboards = "Dashboards"
    case gateway = "Gateway"

    /// What the family is for.
    package var about: String {
        switch self {
        case .relay: "Calls of models, in the protocols of their vendors."
        case .channels: "A channel is a vendor, its address, its key and the models that it serves."
        case .models: "Which models there are, and which can be called."
        case .modelConfigs: "What an administrator says of a model: type, prices, limits. A model works without one."
        case .tokens: "The keys that tenants call with."
        case .groups: "A group is a tenant; its tokens share its limits."
        case .groupModels: "Limits and prices that a group has of its own for a model."
        case .options: "Settings that can be changed while the services run; environment variables win over them."
        case .monitor: "Error rates, rates of calls and bans, as they are now."
        case .logs: "One record for each call."
        case .dashboards: "Sums of calls over time. Their times are seconds."
        case .gateway: "About the gateway itself."
        }
    }
}

/// A value in the path or the query.
package struct APIParameter: Sendable {
    /// Where the value stands.
    package enum Place: String, Sendable {
        case path
        case query
    }

    package let name: String
    package let place: Place
    package let about: String
    package let schema: APISchema
    package let isRequired: Bool

    /// A value of the query.
    package static func query(
        _ name: String, _ schema: APISchema, _ about: String, isRequired: Bool = false
    ) -> APIParameter {
        APIParameter(name: name, place: .query, about: about, schema: schema, isRequired: isRequired)
    }

    /// A value of the path.
    package static func path(_ name: String, _ schema: APISchema, _ about: String) -> APIParameter {
        APIParameter(name: name, place: .path, about: about, schema: schema, isRequired: true)
    }
}

/// What a request carries.
package struct APIBody: Sendable {
    package let contentType: String
    package let schema: APISchema
    package let example: JSONValue?

    /// A JSON body, with an example that works.
    package static func json(_ schema: APISchema, example: JSONValue? = nil) -> APIBody {
        APIBody(contentType: "application/json", schema: schema, example: example)
    }

    /// A body of another kind.
    package static func other(_ contentType: String, _ schema: APISchema, example: JSONValue? = nil) -> APIBody {
        APIBody(contentType: contentType, schema: schema, example: example)
    }
}

/// What a route answers with status 200.
package enum APIAnswer: Sendable {
    /// The envelope without `data`.
    case done
    /// The envelope with `data`.
    case data(APISchema)
    /// The envelope, of a success or a failure: this route says 200 to both.
    case either(APISchema)
    /// JSON without an envelope.
    case json(APISchema)
    /// JSON without an envelope, or server-sent events when the caller asks for a stream.
    case jsonOrEvents(APISchema)
    /// The envelope, or server-sent events when the caller asks for a stream.
    case dataOrEvents(APISchema)
    /// Something else: its media type and what it is.
    case other(String, String)
}

/// A status that a route answers beside those that all of its kind have.
package struct APIRefusal: Sendable {
    package let status: Int
    package let about: String

    package init(_ status: Int, _ about: String) {
        self.status = status
        self.about = about
    }
}

/// One route as callers see it.
package struct APIOperation: Sendable, CustomStringConvertible {
    package let method: APIMethod
    /// The pattern that the router has: `:name` for a segment that varies, `*name` for the rest.
    package let path: String
    package let tag: APITag
    package let caller: APICaller
    package let owners: Set<APIOwner>
    package let summary: String
    package let details: String
    /// Those of the query, and those of the path that need other words than their usual ones.
    package let parameters: [APIParameter]
    package let body: APIBody?
    package let answer: APIAnswer
    package let refusals: [APIRefusal]
    /// What an error of the relay looks like here.
    package let errors: APISchema

    /// `METHOD pattern`, as the route tables name it.
    package var description: String { "\(method.rawValue) \(path)" }
}

/// A family of routes that one service owns and the same callers may call; makes its rows short.
package struct APISection: Sendable {
    package let tag: APITag
    package let caller: APICaller
    package let owners: Set<APIOwner>
    /// What errors of the relay look like; routes under `/api` have the envelope.
    package let errors: APISchema

    package init(
        _ tag: APITag, _ caller: APICaller, _ owners: APIOwner..., errors: APISchema = .named("Error")
    ) {
        self.errors = errors
        self.tag = tag
        self.caller = caller
        self.owners = Set(owners)
    }

    /// A route of the family.
    package func on(
        _ method: APIMethod, _ path: String, _ summary: String, query parameters: [APIParameter] = [],
        body: APIBody? = nil, answer: APIAnswer = .done, refuses refusals: [APIRefusal] = [], details: String = ""
    ) -> APIOperation {
        APIOperation(
            method: method, path: path, tag: tag, caller: caller, owners: owners, summary: summary, details: details,
            parameters: parameters, body: body, answer: answer, refusals: refusals, errors: errors)
    }
}
