package import AdminHTTP
import HTTPCore
package import JSON
package import OneAPIImport
package import RegistryStore

/// The stores that admin routes work on.
package struct AdminStores: Sendable {
    package let channels: ChannelStore
    package let importer: OneAPIImporter
    package let tokens: TokenStore
    package let groups: GroupStore
    package let health: HealthStore
    package let modelConfigs: ModelConfigStore
    package let options: OptionStore
    package let balances: BalanceChecker
    /// Whether a model without a config is refused.
    package let requiresModelConfigs: Bool
    /// When this process started, in milliseconds since 1970.
    package let startedAt: Int64

    package init(
        channels: ChannelStore, importer: OneAPIImporter, tokens: TokenStore, groups: GroupStore,
        health: HealthStore, modelConfigs: ModelConfigStore, options: OptionStore, balances: BalanceChecker,
        requiresModelConfigs: Bool = false, startedAt: Int64
    ) {
        self.channels = channels
        self.importer = importer
        self.tokens = tokens
        self.groups = groups
        self.health = health
        self.modelConfigs = modelConfigs
        self.options = options
        self.balances = balances
        self.requiresModelConfigs = requiresModelConfigs
        self.startedAt = startedAt
    }
}

/// One admin request, as far as a handler needs it.
package struct AdminCall: Sendable {
    package let stores: AdminStores
    package let query: AdminQuery
    package let body: [UInt8]
    private let parameters: [String: String]

    package init(stores: AdminStores, parameters: [String: String] = [:], query: AdminQuery, body: [UInt8] = []) {
        self.stores = stores
        self.parameters = parameters
        self.query = query
        self.body = body
    }

    /// A segment of the path.
    func parameter(_ name: String) throws(AdminFailure) -> String {
        let text = parameters[name] ?? ""
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw AdminFailure(.badRequest, "\(name): missing or malformed in the path")
        }
        return text
    }

    /// The id in the path.
    func id() throws(AdminFailure) -> Int {
        let text = try parameter("id")
        guard let id = Int(text) else { throw AdminFailure(.badRequest, "id: expected an integer in the path") }
        return id
    }

    /// The group in the path, on routes that have one.
    func pathGroup() throws(AdminFailure) -> String? {
        parameters["group"] == nil ? nil : try parameter("group")
    }

    /// A whole number in the query that goes into a condition; `nil` when it is absent or empty.
    func number(_ name: String) throws(AdminFailure) -> Int? {
        try query.wholeNumber(name)
    }

    /// The page that the query asks for.
    var page: ListPage {
        let paging = Paging(query)
        return ListPage(limit: paging.perPage, offset: paging.offset)
    }

    /// A query value that goes into a condition; `""` when it is absent.
    func filter(_ name: String) throws(AdminFailure) -> String {
        let text = query.text(name) ?? ""
        if text.utf8.contains(0) { throw AdminFailure(.badRequest, "\(name): must not contain a NUL character") }
        return text
    }
}

/// What a handler answers.
package enum AdminAnswer: Sendable {
    /// A success without payload.
    case done
    /// A success whose `data` the closure writes.
    case data(@Sendable (inout JSONWriter) -> Void)

    /// The bytes of the envelope.
    package var envelope: [UInt8] {
        switch self {
        case .done: AdminEnvelope.empty
        case .data(let write): AdminEnvelope.success(write)
        }
    }
}
