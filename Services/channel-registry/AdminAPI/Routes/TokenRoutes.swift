import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// Tenant keys over HTTP (contract admin-api §9). Routes with a group in their path see only the tokens of that group.
enum TokenRoutes {
    static func create(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try GroupBody.checked(try call.parameter("group"))
        let new = try TokenBody.new(BodyFields(body: call.body))
        let limit = try await call.stores.options.find("GroupMaxTokenNum").effective
        let token = try await call.stores.tokens.create(
            new, in: group, createsGroup: try call.query.flag("auto_create_group"),
            keepsExisting: try call.query.flag("ignore_exist"), limit: Int(limit) ?? 0)
        return .data { $0.token(token) }
    }

    static func page(_ call: AdminCall) async throws -> AdminAnswer {
        let (filter, page) = (try filter(call), call.page)
        let (tokens, total) = try await call.stores.tokens.page(filter, page)
        return .data { $0.page("tokens", tokens, total: total) { $0.token($1) } }
    }

    /// The paged list of a search; the plain one has no filter by text.
    static func search(_ call: AdminCall) async throws -> AdminAnswer {
        var filter = try filter(call)
        filter.name = try call.filter("name")
        filter.key = try call.filter("key")
        filter.keyword = try call.filter("keyword")
        let (tokens, total) = try await call.stores.tokens.page(filter, call.page)
        return .data { $0.page("tokens", tokens, total: total) { $0.token($1) } }
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let token = try await call.stores.tokens.find(try id(call), in: try call.pathGroup())
        return .data { $0.token(token) }
    }

    /// When the token was last used is not looked up here, and 0 (contract admin-api §9).
    static func update(_ call: AdminCall) async throws -> AdminAnswer {
        let (id, group) = (try id(call), try call.pathGroup())
        let change = try TokenBody.change(BodyFields(body: call.body))
        var token = try await call.stores.tokens.update(id, in: group, change)
        token.accessedAt = nil
        let updated = token
        return .data { $0.token(updated) }
    }

    static func setStatus(_ call: AdminCall) async throws -> AdminAnswer {
        let (id, group) = (try id(call), try call.pathGroup())
        let status = try TenantStatus.read(BodyFields(body: call.body))
        try await call.stores.tokens.setStatus(id, in: group, status)
        return .done
    }

    static func setName(_ call: AdminCall) async throws -> AdminAnswer {
        let (id, group) = (try id(call), try call.pathGroup())
        let name = try TokenBody.name(BodyFields(body: call.body))
        _ = try await call.stores.tokens.update(id, in: group, TokenChange(name: name))
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.tokens.delete(try id(call), in: try call.pathGroup())
        return .done
    }

    static func deleteMany(_ call: AdminCall) async throws -> AdminAnswer {
        let ids = try BodyValue.idList(call.body)
        try await call.stores.tokens.delete(ids, in: try call.pathGroup())
        return .done
    }

    private static func id(_ call: AdminCall) throws(AdminFailure) -> Int {
        let id = try call.id()
        if id == 0 { throw AdminFailure(.badRequest, "id: id is empty") }
        return id
    }

    private static func filter(_ call: AdminCall) throws(AdminFailure) -> TokenFilter {
        let given = try call.filter("group")
        return TokenFilter(
            group: try call.pathGroup() ?? given, status: try call.number("status") ?? 0,
            order: call.query.text("order").flatMap { ListOrder($0) } ?? ListOrder(.id))
    }
}

/// The status of a token or a group: enabled or disabled.
enum TenantStatus {
    static func read(_ fields: BodyFields) throws(AdminFailure) -> Int {
        guard let status = try fields.int("status", in: 1...2) else {
            throw fields.fault("status", "missing; expected 1 (enabled) or 2 (disabled)")
        }
        return status
    }
}
