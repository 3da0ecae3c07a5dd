import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// Tenant groups over HTTP (contract admin-api §10.1).
enum GroupRoutes {
    static func create(_ call: AdminCall) async throws -> AdminAnswer {
        let new = try GroupBody.new(try call.parameter("group"), try BodyFields(body: call.body))
        let group = try await call.stores.groups.create(new)
        return .data { $0.group(group) }
    }

    static func page(_ call: AdminCall) async throws -> AdminAnswer {
        try await page(call, GroupFilter(order: order(call)))
    }

    /// The paged list of a search; the plain one has no filter.
    static func search(_ call: AdminCall) async throws -> AdminAnswer {
        let filter = GroupFilter(
            status: try call.number("status") ?? 0, keyword: try call.filter("keyword"), order: order(call))
        return try await page(call, filter)
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try await call.stores.groups.find(try call.parameter("group"))
        return .data { $0.group(group) }
    }

    static func update(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.parameter("group")
        let group = try await call.stores.groups.update(id, try GroupBody.change(BodyFields(body: call.body)))
        return .data { $0.group(group) }
    }

    static func setStatus(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.parameter("group")
        try await call.stores.groups.setStatus(id, try TenantStatus.read(BodyFields(body: call.body)))
        return .done
    }

    static func setRPMRatio(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.parameter("group")
        let ratio = try GroupBody.ratio("rpm_ratio", BodyFields(body: call.body))
        _ = try await call.stores.groups.update(id, GroupChange(rpmRatio: ratio))
        return .done
    }

    static func setTPMRatio(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.parameter("group")
        let ratio = try GroupBody.ratio("tpm_ratio", BodyFields(body: call.body))
        _ = try await call.stores.groups.update(id, GroupChange(tpmRatio: ratio))
        return .done
    }

    static func setStatusOfMany(_ call: AdminCall) async throws -> AdminAnswer {
        let fields = try BodyFields(body: call.body)
        let status = try TenantStatus.read(fields)
        guard let groups = try fields.texts("groups") else {
            throw fields.fault("groups", "missing; expected an array of strings")
        }
        try await call.stores.groups.setStatus(groups, status)
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.groups.delete(try call.parameter("group"))
        return .done
    }

    static func deleteMany(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.groups.delete(try BodyValue.names(call.body))
        return .done
    }

    private static func page(_ call: AdminCall, _ filter: GroupFilter) async throws -> AdminAnswer {
        let (groups, total) = try await call.stores.groups.page(filter, call.page)
        return .data { $0.page("groups", groups, total: total) { $0.group($1) } }
    }

    private static func order(_ call: AdminCall) -> ListOrder<GroupFilter.Field> {
        call.query.text("order").flatMap { ListOrder($0) } ?? ListOrder(.id)
    }
}
