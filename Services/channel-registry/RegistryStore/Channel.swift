package import Postgres
package import Telemetry

/// What an administrator says about a channel, without its key and status.
package struct ChannelSettings: Equatable, Sendable {
    /// A number of `ChannelType`.
    package var type: Int
    package var name: String
    /// Empty for the default of the type.
    package var baseURL: String
    /// Empty for none.
    package var proxyURL: String
    package var models: [String]
    /// A JSON object of strings as text; `{}` for none.
    package var modelMapping: String
    package var priority: Int
    package var sets: [String]
    /// A JSON object as text; empty for none.
    package var configs: String
    package var checksBalance: Bool
    package var skipsTLSVerification: Bool
    package var bansOnNoPermission: Bool
    package var warnErrorRate: Double
    package var maxErrorRate: Double

    package init(
        type: Int, name: String = "", baseURL: String = "", proxyURL: String = "", models: [String] = [],
        modelMapping: String = "{}", priority: Int = 0, sets: [String] = [], configs: String = "",
        checksBalance: Bool = false, skipsTLSVerification: Bool = false, bansOnNoPermission: Bool = false,
        warnErrorRate: Double = 0, maxErrorRate: Double = 0
    ) {
        self.type = type
        self.name = name
        self.baseURL = baseURL
        self.proxyURL = proxyURL
        self.models = models
        self.modelMapping = modelMapping
        self.priority = priority
        self.sets = sets
        self.configs = configs
        self.checksBalance = checksBalance
        self.skipsTLSVerification = skipsTLSVerification
        self.bansOnNoPermission = bansOnNoPermission
        self.warnErrorRate = warnErrorRate
        self.maxErrorRate = maxErrorRate
    }
}

/// A channel that is to be created.
package struct NewChannel: Sendable {
    package var settings: ChannelSettings
    package var key: Redacted<String>
    package var status: Int

    package init(settings: ChannelSettings, key: Redacted<String>, status: Int = 1) {
        self.settings = settings
        self.key = key
        self.status = status
    }
}

/// What an edit of a channel changes; a member that is `nil` stays as it is.
package struct ChannelChange: Equatable, Sendable {
    package var type: Int?
    package var name: String?
    package var key: Redacted<String>?
    package var baseURL: String?
    package var proxyURL: String?
    package var models: [String]?
    package var modelMapping: String?
    package var priority: Int?
    package var sets: [String]?
    package var configs: String?
    package var checksBalance: Bool?
    package var skipsTLSVerification: Bool?
    package var bansOnNoPermission: Bool?
    package var warnErrorRate: Double?
    package var maxErrorRate: Double?

    package init() {}

    /// The settings after the edit.
    func applied(to old: ChannelSettings) -> ChannelSettings {
        ChannelSettings(
            type: type ?? old.type, name: name ?? old.name, baseURL: baseURL ?? old.baseURL,
            proxyURL: proxyURL ?? old.proxyURL, models: models ?? old.models,
            modelMapping: modelMapping ?? old.modelMapping, priority: priority ?? old.priority, sets: sets ?? old.sets,
            configs: configs ?? old.configs, checksBalance: checksBalance ?? old.checksBalance,
            skipsTLSVerification: skipsTLSVerification ?? old.skipsTLSVerification,
            bansOnNoPermission: bansOnNoPermission ?? old.bansOnNoPermission,
            warnErrorRate: warnErrorRate ?? old.warnErrorRate, maxErrorRate: maxErrorRate ?? old.maxErrorRate)
    }
}

/// A channel as it is stored.
package struct Channel: Equatable, Sendable {
    package let id: Int
    package var settings: ChannelSettings
    package var key: StoredKey
    package var status: Int
    /// Money is `numeric` in SQL and stays decimal text here: nothing computes with it.
    package var usedAmount: String
    package var requestCount: Int
    package var retryCount: Int
    package var balance: String
    package var balanceThreshold: String
    package var createdAt: Timestamp
    package var balanceUpdatedAt: Timestamp?
    package var lastTestErrorAt: Timestamp?
    /// The beginning of the minute of the last attempt.
    package var accessedAt: Timestamp?
}

/// What is still known of a channel after it was deleted.
package struct ChannelSummary: Equatable, Sendable {
    package let id: Int
    package let name: String
    package let type: Int

    package init(id: Int, name: String, type: Int) {
        self.id = id
        self.name = name
        self.type = type
    }
}
