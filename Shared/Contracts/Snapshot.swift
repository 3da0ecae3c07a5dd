/// The configuration that a gateway needs, whole or as the changes after a revision (design §2).
///
/// The registry answers it at `/internal/v1/snapshot?after=REV`; the gateway keeps the last good whole one on disk.
package struct Snapshot: Codable, Sendable, Equatable {
    /// Names the database that numbered the revisions; a gateway that holds another epoch starts from nothing.
    package var epoch: String
    /// The newest change that is contained; grows by one with each committed change.
    package var revision: Int64
    /// Whether this is everything; otherwise only what changed after the asked revision.
    package var isWhole: Bool
    package var channels: [SnapshotChannel]
    /// Ids of channels deleted after the asked revision; empty in a whole snapshot.
    package var removedChannels: [Int]
    package var tokens: [SnapshotToken]
    package var removedTokens: [Int]
    package var groups: [SnapshotGroup]
    package var removedGroups: [String]
    package var modelConfigs: [SnapshotModelConfig]
    package var removedModelConfigs: [String]
    /// The options that are set, in the environment of the registry or stored (contract admin-api §16.2), as their texts; an option that is not set has the
    /// reader's own default. `nil` in changes that leave the options alone.
    package var options: [String: String]?
    /// Who made the models that the channels and model configs here name; `""` for a model whose owner is not known any more.
    package var owners: [String: String]

    package init(
        epoch: String, revision: Int64, isWhole: Bool, channels: [SnapshotChannel] = [], removedChannels: [Int] = [],
        tokens: [SnapshotToken] = [], removedTokens: [Int] = [], groups: [SnapshotGroup] = [],
        removedGroups: [String] = [], modelConfigs: [SnapshotModelConfig] = [], removedModelConfigs: [String] = [],
        options: [String: String]? = nil, owners: [String: String] = [:]
    ) {
        self.epoch = epoch
        self.revision = revision
        self.isWhole = isWhole
        self.channels = channels
        self.removedChannels = removedChannels
        self.tokens = tokens
        self.removedTokens = removedTokens
        self.groups = groups
        self.removedGroups = removedGroups
        self.modelConfigs = modelConfigs
        self.removedModelConfigs = removedModelConfigs
        self.options = options
        self.owners = owners
    }

    /// Reads a snapshot; members that came with later versions may be missing.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        epoch = try fields.decode(String.self, forKey: .epoch)
        revision = try fields.decode(Int64.self, forKey: .revision)
        isWhole = try fields.decode(Bool.self, forKey: .isWhole)
        channels = try fields.decode([SnapshotChannel].self, forKey: .channels)
        removedChannels = try fields.decode([Int].self, forKey: .removedChannels)
        tokens = try fields.decode([SnapshotToken].self, forKey: .tokens)
        removedTokens = try fields.decode([Int].self, forKey: .removedTokens)
        groups = try fields.decode([SnapshotGroup].self, forKey: .groups)
        removedGroups = try fields.decode([String].self, forKey: .removedGroups)
        modelConfigs = try fields.decodeIfPresent([SnapshotModelConfig].self, forKey: .modelConfigs) ?? []
        removedModelConfigs = try fields.decodeIfPresent([String].self, forKey: .removedModelConfigs) ?? []
        options = try fields.decodeIfPresent([String: String].self, forKey: .options)
        owners = try fields.decodeIfPresent([String: String].self, forKey: .owners) ?? [:]
    }
}

/// One channel as the relay needs it.
package struct SnapshotChannel: Codable, Sendable, Equatable {
    package var id: Int
    /// A number of `ChannelType`.
    package var type: Int
    package var name: String
    /// Empty when the default of the type is meant.
    package var baseURL: String
    /// The vendor key as `SecretBox` text, sealed with the context `channel:<id>`; empty when the channel has no key.
    package var sealedKey: String
    package var models: [String]
    /// Requested name to upstream name.
    package var modelMapping: [String: String]
    /// 1 enabled, 2 disabled, 3 disabled automatically; only 1 is routed.
    package var status: Int
    /// Routing weight; 0 acts as 10.
    package var priority: Int
    /// Routing sets; empty means `default`.
    package var sets: [String]
    /// Outbound proxy, empty for none.
    package var proxyURL: String
    package var skipsTLSVerification: Bool
    package var bansOnNoPermission: Bool
    package var warnErrorRate: Double
    package var maxErrorRate: Double
    /// The free `configs` object as JSON text; empty when never set.
    package var configs: String

    package init(
        id: Int, type: Int, name: String, baseURL: String = "", sealedKey: String = "", models: [String] = [],
        modelMapping: [String: String] = [:], status: Int = 1, priority: Int = 0, sets: [String] = [],
        proxyURL: String = "", skipsTLSVerification: Bool = false, bansOnNoPermission: Bool = false,
        warnErrorRate: Double = 0, maxErrorRate: Double = 0, configs: String = ""
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.baseURL = baseURL
        self.sealedKey = sealedKey
        self.models = models
        self.modelMapping = modelMapping
        self.status = status
        self.priority = priority
        self.sets = sets
        self.proxyURL = proxyURL
        self.skipsTLSVerification = skipsTLSVerification
        self.bansOnNoPermission = bansOnNoPermission
        self.warnErrorRate = warnErrorRate
        self.maxErrorRate = maxErrorRate
        self.configs = configs
    }
}

/// One tenant key; the key itself is never sent.
package struct SnapshotToken: Codable, Sendable, Equatable {
    package var id: Int
    package var name: String
    package var group: String
    /// SHA-256 of the key without its `sk-` prefix, lower-case hex.
    package var digest: String
    /// 1 enabled, 2 disabled.
    package var status: Int
    /// The models this key may use; empty for all.
    package var models: [String]
    /// The CIDR blocks this key may be used from; empty for all.
    package var subnets: [String]

    package init(
        id: Int, name: String, group: String, digest: String, status: Int = 1, models: [String] = [],
        subnets: [String] = []
    ) {
        self.id = id
        self.name = name
        self.group = group
        self.digest = digest
        self.status = status
        self.models = models
        self.subnets = subnets
    }
}

/// One tenant group.
package struct SnapshotGroup: Codable, Sendable, Equatable {
    package var id: String
    /// 1 enabled, 2 disabled.
    package var status: Int
    /// The routing sets this group may use; empty means `default`.
    package var availableSets: [String]

    package init(id: String, status: Int = 1, availableSets: [String] = []) {
        self.id = id
        self.status = status
        self.availableSets = availableSets
    }
}

/// What an administrator configured for one model.
package struct SnapshotModelConfig: Codable, Sendable, Equatable {
    package var model: String
    /// A number of `RelayMode`; 0 when the administrator did not say.
    package var type: Int
    /// The whole config as JSON text, in the form of contract admin-api §13.6: price, limits, timeouts, plugins.
    package var document: String

    package init(model: String, type: Int = 0, document: String = "{}") {
        self.model = model
        self.type = type
        self.document = document
    }
}
