import AdminHTTP
import Contracts
import HTTPCore
import JSON
import ModelCatalogue
import RegistryStore

/// What models there are, over HTTP (contract admin-api §7).
enum ModelRoutes {
    private static let known = ModelCatalogue.models.map { ModelConfig($0) }

    static func builtin(_ call: AdminCall) async throws -> AdminAnswer {
        .data { $0.list(known) { $0.modelConfig($1) } }
    }

    static func builtinByType(_ call: AdminCall) async throws -> AdminAnswer {
        .data { writer in
            writer.object { writer in
                for type in ChannelType.all {
                    writer.key(String(type.id))
                    writer.models(ofType: type.id)
                }
            }
        }
    }

    static func builtinOfType(_ call: AdminCall) async throws -> AdminAnswer {
        let type = try type(call)
        return .data { $0.models(ofType: type) }
    }

    static func enabled(_ call: AdminCall) async throws -> AdminAnswer {
        let sets = try await EnabledModels(call).sets
        return .data { writer in
            writer.object { writer in
                for (name, configs) in sets.sorted(by: { $0.key < $1.key }) {
                    writer.key(name)
                    writer.list(configs) { $0.modelConfig($1) }
                }
            }
        }
    }

    static func enabledOfSet(_ call: AdminCall) async throws -> AdminAnswer {
        let set = try call.parameter("set")
        let configs = try await EnabledModels(call).sets[set] ?? []
        return .data { $0.list(configs) { $0.modelConfig($1) } }
    }

    /// For each model and set the channels that serve it, with their shares of its calls while all of them work.
    static func sets(_ call: AdminCall) async throws -> AdminAnswer {
        let defaults = ChannelDefaults(options: try await call.stores.options.inForce())
        var models: [String: [String: [EnabledChannel]]] = [:]
        for channel in try await call.stores.channels.enabled(defaults) {
            for model in Set(channel.models) {
                for set in Set(channel.sets) { models[model, default: [:]][set, default: []].append(channel) }
            }
        }
        let found = models
        return .data { writer in
            writer.object { writer in
                for (model, sets) in found.sorted(by: { $0.key < $1.key }) {
                    writer.key(model)
                    writer.object { writer in
                        for (set, channels) in sets.sorted(by: { $0.key < $1.key }) {
                            writer.key(set)
                            writer.shares(channels)
                        }
                    }
                }
            }
        }
    }

    static func defaults(_ call: AdminCall) async throws -> AdminAnswer {
        let defaults = ChannelDefaults(options: try await call.stores.options.inForce())
        return .data { writer in
            writer.object { writer in
                writer.key("models")
                writer.object { writer in
                    for (type, models) in defaults.models.sorted(by: { $0.key < $1.key }) {
                        writer.key(String(type))
                        writer.list(models) { $0.string($1) }
                    }
                }
                writer.key("mapping")
                writer.object { writer in
                    for (type, mapping) in defaults.mappings.sorted(by: { $0.key < $1.key }) {
                        writer.key(String(type))
                        writer.mapping(mapping)
                    }
                }
            }
        }
    }

    static func defaultsOfType(_ call: AdminCall) async throws -> AdminAnswer {
        let type = try type(call)
        let defaults = ChannelDefaults(options: try await call.stores.options.inForce())
        return .data { writer in
            writer.object { writer in
                writer.key("models")
                writer.list(defaults.models[type] ?? []) { $0.string($1) }
                writer.key("mapping")
                writer.mapping(defaults.mappings[type] ?? [:])
            }
        }
    }

    private static func type(_ call: AdminCall) throws(AdminFailure) -> Int {
        guard let type = Int(try call.parameter("type")) else { throw AdminFailure(.badRequest, "invalid type") }
        return type
    }
}

/// The models of enabled channels by routing set, each with what is known of it: its config, else the catalogue's, else its name.
struct EnabledModels {
    let sets: [String: [ModelConfig]]

    /// The models of some sets, each once.
    func models(of names: [String]) -> [ModelConfig] {
        var seen: Set<String> = []
        return names.flatMap { sets[$0] ?? [] }.filter { seen.insert($0.model).inserted }.sorted(by: Self.precedes)
    }

    init(_ call: AdminCall) async throws {
        let stores = call.stores
        let defaults = ChannelDefaults(options: try await stores.options.inForce())
        var names: [String: Set<String>] = [:]
        for channel in try await stores.channels.enabled(defaults) {
            for set in channel.sets { names[set, default: []].formUnion(channel.models) }
        }
        let stored = Dictionary(try await stores.modelConfigs.all().map { ($0.model, $0) }) { first, _ in first }
        sets = names.mapValues { models in
            models.compactMap { model in
                if let config = stored[model] { return config }
                if stores.requiresModelConfigs { return nil }
                return ModelCatalogue.find(model).map { ModelConfig($0) } ?? ModelConfig(model: model)
            }.sorted(by: Self.precedes)
        }
    }

    private static func precedes(_ left: ModelConfig, _ right: ModelConfig) -> Bool {
        if left.owner != right.owner { return left.owner < right.owner }
        if left.type != right.type { return left.type < right.type }
        return NaturalOrder.precedes(left.model, right.model)
    }
}

extension JSONWriter {
    fileprivate mutating func models(ofType type: Int) {
        list(ModelCatalogue.models(ofChannelType: type)) { writer, model in
            var config = ModelConfig(model)
            if config.owner.isEmpty { config.owner = ChannelType.find(type)?.name ?? "" }
            writer.modelConfig(config)
        }
    }

    fileprivate mutating func mapping(_ pairs: [String: String]) {
        object { writer in
            for (name, target) in pairs.sorted(by: { $0.key < $1.key }) { writer.field(name, target) }
        }
    }

    /// Channels with their share of the calls in percent; a negative priority has none.
    fileprivate mutating func shares(_ channels: [EnabledChannel]) {
        let sum = channels.reduce(0) { $0 + max(0, $1.priority) }
        list(channels) { writer, channel in
            let share = sum == 0 ? 0 : Double(max(0, channel.priority)) * 100 / Double(sum)
            writer.object { writer in
                writer.field("id", channel.id)
                writer.field("type", channel.type)
                writer.field("name", channel.name)
                writer.field("priority", channel.priority)
                writer.field("weight", raw: BodyValue.text((share * 100).rounded() / 100).utf8)
            }
        }
    }
}
