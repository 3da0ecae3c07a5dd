import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// Tenant keys over HTTP (contract admin-api §9).
enum TokenRoutes {
    static func create(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try GroupBody.checked(try call.parameter("group"))
        let new = try TokenBody.new(BodyFields(body: call.body))
        let token = try await call.stores.tokens.create(
            new, in: group, createsGroup: call.query.flag("auto_create_group"),
            keepsExisting: call.query.flag("ignore_exist"))
        return .data { $0.token(token) }
    }

    static func page(_ call: AdminCall) async throws -> AdminAnswer {
        try await page(call, group: try call.filter("group"))
    }

    static func pageOfGroup(_ call: AdminCall) async throws -> AdminAnswer {
        try await page(call, group: try call.parameter("group"))
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let token = try await call.stores.tokens.find(try call.id())
        return .data { $0.token(token) }
    }

    static func setStatus(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.id()
        try await call.stores.tokens.setStatus(id, try TenantStatus.read(BodyFields(body: call.body)))
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.tokens.delete(try call.id())
        return .done
    }

    private static func page(_ call: AdminCall, group: String) async throws -> AdminAnswer {
        let filter = TokenFilter(
            group: group, status: call.query.int("status") ?? 0,
            order: call.query.text("order").flatMap { ListOrder($0) } ?? ListOrder(.id))
        let (tokens, total) = try await call.stores.tokens.page(filter, call.page)
        return .data { $0.page("tokens", tokens, total: total) { $0.token($1) } }
    }
}

/// Tenant groups over HTTP (contract admin-api §10.1).
enum GroupRoutes {
    static func create(_ call: AdminCall) async throws -> AdminAnswer {
        let new = try GroupBody.new(try call.parameter("group"), try BodyFields(body: call.body))
        let group = try await call.stores.groups.create(new)
        return .data { $0.group(group) }
    }

    static func page(_ call: AdminCall) async throws -> AdminAnswer {
        let order = call.query.text("order").flatMap { ListOrder<GroupStore.Field>($0) } ?? ListOrder(.id)
        let (groups, total) = try await call.stores.groups.page(order, call.page)
        return .data { $0.page("groups", groups, total: total) { $0.group($1) } }
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try await call.stores.groups.find(try call.parameter("group"))
        return .data { $0.group(group) }
    }

    static func setStatus(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.parameter("group")
        try await call.stores.groups.setStatus(id, try TenantStatus.read(BodyFields(body: call.body)))
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.groups.delete(try call.parameter("group"))
        return .done
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

/// What anybody may ask.
enum StatusRoutes {
    /// The health check of FastGPT's compose file.
    static func status(_ call: AdminCall) async throws -> AdminAnswer {
        .data { $0.object { $0.field("startTime", call.stores.startedAt) } }
    }
}
