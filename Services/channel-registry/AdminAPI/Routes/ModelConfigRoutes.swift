import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// Model configs over HTTP (contract admin-api §8).
enum ModelConfigRoutes {
    /// The paged list, with and without a keyword.
    static func page(_ call: AdminCall) async throws -> AdminAnswer {
        try await page(call, ModelConfigFilter(model: try call.filter("model")))
    }

    static func search(_ call: AdminCall) async throws -> AdminAnswer {
        try await page(
            call,
            ModelConfigFilter(
                model: try call.filter("model"), owner: try call.filter("owner"), keyword: try call.filter("keyword")))
    }

    static func all(_ call: AdminCall) async throws -> AdminAnswer {
        list(try await call.stores.modelConfigs.all())
    }

    /// Those of the named models that have a config.
    static func contains(_ call: AdminCall) async throws -> AdminAnswer {
        let fields = try BodyFields(body: call.body)
        return list(try await call.stores.modelConfigs.existing(try fields.names("models") ?? []))
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let config = try await call.stores.modelConfigs.find(try call.parameter("model"))
        return .data { $0.modelConfig(config) }
    }

    static func save(_ call: AdminCall) async throws -> AdminAnswer {
        let model = try call.parameter("model")
        try await call.stores.modelConfigs.save([try ModelConfigBody.read(BodyFields(body: call.body), model: model)])
        return .done
    }

    static func saveMany(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.modelConfigs.save(try ModelConfigBody.list(call.body))
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.modelConfigs.delete(try call.parameter("model"))
        return .done
    }

    static func deleteMany(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.modelConfigs.delete(try BodyValue.names(call.body))
        return .done
    }

    private static func page(_ call: AdminCall, _ filter: ModelConfigFilter) async throws -> AdminAnswer {
        let (configs, total) = try await call.stores.modelConfigs.page(filter, call.page)
        return .data { $0.page("configs", configs, total: total) { $0.modelConfig($1) } }
    }

    private static func list(_ configs: [ModelConfig]) -> AdminAnswer {
        .data { $0.list(configs) { $0.modelConfig($1) } }
    }
}

extension BodyValue {
    /// A body that is a bare list of names, each once.
    static func names(_ body: [UInt8]) throws(AdminFailure) -> [String] {
        var seen: Set<String> = []
        var names: [String] = []
        for (index, element) in try array(try parse(body), of: "strings", at: "body").enumerated() {
            guard let name = element.string else { throw wrongKind("[\(index)]", "a string", element) }
            guard !name.utf8.contains(0) else {
                throw AdminFailure(.badRequest, "[\(index)]: must not contain a NUL character")
            }
            if seen.insert(name).inserted { names.append(name) }
        }
        return names
    }
}
