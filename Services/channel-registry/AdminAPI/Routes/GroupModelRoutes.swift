import AdminHTTP
import JSON
import RegistryStore

/// What groups have of their own for models, over HTTP (contract admin-api §10.1).
enum GroupModelRoutes {
    static func all(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        let configs = try await call.stores.groups.modelConfigs(of: group)
        return .data { $0.list(configs) { $0.groupModelConfig($1, of: group) } }
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        let config = try await call.stores.groups.modelConfig(of: group, try call.parameter("model"))
        return .data { $0.groupModelConfig(config, of: group) }
    }

    static func saveMany(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        try await call.stores.groups.saveModelConfigs(try GroupModelBody.list(call.body), of: group)
        return .done
    }

    static func save(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        try await call.stores.groups.saveModelConfigs([try one(call)], of: group)
        return .done
    }

    static func updateMany(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        try await call.stores.groups.updateModelConfigs(try GroupModelBody.list(call.body), of: group)
        return .done
    }

    static func update(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        try await call.stores.groups.updateModelConfigs([try one(call)], of: group)
        return .done
    }

    static func deleteMany(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        try await call.stores.groups.deleteModelConfigs(try BodyValue.names(call.body), of: group)
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        let group = try call.parameter("group")
        try await call.stores.groups.deleteModelConfigs([try call.parameter("model")], of: group)
        return .done
    }

    private static func one(_ call: AdminCall) throws -> GroupModelConfig {
        try GroupModelBody.read(BodyFields(body: call.body), model: try call.parameter("model"))
    }
}
