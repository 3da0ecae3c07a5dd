import AdminHTTP
import JSON
import RegistryStore

/// The models that a group may use, among the dashboards (contract admin-api §6.2): the registry knows them, not the log-collector.
enum GroupDashboardRoutes {
    /// Each model of the group's sets once, with the limits that hold for the group; for an unknown group the models of the set `default` as they are.
    static func models(_ call: AdminCall) async throws -> AdminAnswer {
        let name = try call.parameter("group")
        let enabled = try await EnabledModels(call)
        guard let group = try await group(name, call) else {
            let configs = enabled.models(of: ["default"])
            return .data { $0.list(configs) { $0.modelConfig($1) } }
        }
        let own = Dictionary(
            try await call.stores.groups.modelConfigs(of: name).map { ($0.model, $0) }
        ) { first, _ in first }
        let options = try await call.stores.options.inForce()
        let level = ConsumeLevel.ratio(options["GroupConsumeLevelRatio"], used: group.usedAmount)
        let models = enabled.models(of: group.availableSets.isEmpty ? ["default"] : group.availableSets).map {
            GroupModel($0, own: own[$0.model], group: group, level: level)
        }
        return .data { $0.list(models) { $0.groupModel($1) } }
    }

    private static func group(_ name: String, _ call: AdminCall) async throws -> TenantGroup? {
        do {
            return try await call.stores.groups.find(name)
        } catch RegistryError.groupNotFound {
            return nil
        }
    }
}

/// A factor on the limits of groups that have spent much (option `GroupConsumeLevelRatio`).
private enum ConsumeLevel {
    /// The ratio of the highest level that the used amount reaches; 1 when it reaches none.
    static func ratio(_ option: String?, used: String) -> Double {
        guard let option, let levels = (try? JSONValue.parse(Array(option.utf8)))?.object else { return 1 }
        let spent = Double(used) ?? 0
        let reached = levels.members.compactMap { member in
            Double(member.key).flatMap { level in level <= spent ? (level, member.value.double ?? 1) : nil }
        }
        return GroupModel.factor(reached.max { $0.0 < $1.0 }?.1 ?? 1)
    }
}

/// A model as a group has it (contract admin-api §13.5).
private struct GroupModel {
    var config: ModelConfig

    init(_ config: ModelConfig, own: GroupModelConfig?, group: TenantGroup, level: Double) {
        self.config = config
        func number(_ name: String, _ overriding: String) -> Int? {
            guard own?.values[overriding] == .flag(true), case .number(let number)? = own?.values[name] else {
                return nil
            }
            return number
        }
        let limits = (rpm: number("rpm", "override_limit"), tpm: number("tpm", "override_limit"))
        self.config.rpm = Self.limit(limits.rpm ?? config.rpm, Self.factor(group.rpmRatio) * level)
        self.config.tpm = Self.limit(limits.tpm ?? config.tpm, Self.factor(group.tpmRatio) * level)
        if own?.values["override_price"] == .flag(true), case .json(let price)? = own?.values["price"] {
            self.config.price = price
        }
        for (name, path) in [
            ("max_image_generation_count", \ModelConfig.maxImageCount),
            ("max_video_generation_seconds", \ModelConfig.maxVideoSeconds),
            ("max_video_generation_count", \ModelConfig.maxVideoCount),
        ] {
            if let number = number(name, "override_" + name) { self.config[keyPath: path] = number }
        }
    }

    /// A ratio that is not positive is none.
    static func factor(_ ratio: Double) -> Double { ratio > 0 ? ratio : 1 }

    /// A limit times a factor without its fraction, but never so little that it would mean no limit.
    private static func limit(_ limit: Int, _ factor: Double) -> Int {
        limit <= 0 ? 0 : max(1, Int(exactly: (Double(limit) * factor).rounded(.down)) ?? .max)
    }

    /// The plugins that the model config switches on.
    var plugins: [String] {
        guard let members = (try? JSONValue.parse(Array(config.plugin.utf8)))?.object?.members else { return [] }
        return members.filter { $0.value["enable"]?.bool == true }.map(\.key)
    }
}

extension JSONWriter {
    fileprivate mutating func groupModel(_ model: GroupModel) {
        let config = model.config
        object { writer in
            writer.field("model", config.model)
            writer.field("owner", config.owner)
            writer.field("type", config.type)
            writer.field("price", raw: config.price.utf8)
            if !config.config.isEmpty { writer.field("config", raw: config.config.utf8) }
            for (name, number) in [
                ("rpm", config.rpm), ("tpm", config.tpm), ("max_image_generation_count", config.maxImageCount),
                ("max_video_generation_seconds", config.maxVideoSeconds),
                ("max_video_generation_count", config.maxVideoCount),
            ] where number != 0 {
                writer.field(name, number)
            }
            let plugins = model.plugins
            if !plugins.isEmpty {
                writer.key("enabled_plugins")
                writer.list(plugins) { $0.string($1) }
            }
        }
    }
}
