import Crypto
package import Postgres
package import Telemetry

/// How often the period quota of a token starts again.
package enum QuotaPeriod: String, Sendable, CaseIterable {
    /// Acts as monthly.
    case unset = ""
    case daily, weekly, monthly
}

/// A token that is to be created.
package struct NewToken: Equatable, Sendable {
    package var name: String
    package var models: [String]
    package var subnets: [String]
    /// 0 for none.
    package var quota: Double
    /// 0 for none.
    package var periodQuota: Double
    package var periodType: QuotaPeriod
    package var periodLastUpdateTime: Timestamp?

    package init(
        name: String, models: [String] = [], subnets: [String] = [], quota: Double = 0, periodQuota: Double = 0,
        periodType: QuotaPeriod = .unset, periodLastUpdateTime: Timestamp? = nil
    ) {
        self.name = name
        self.models = models
        self.subnets = subnets
        self.quota = quota
        self.periodQuota = periodQuota
        self.periodType = periodType
        self.periodLastUpdateTime = periodLastUpdateTime
    }
}

/// What is to be changed of a token; `nil` members stay as they are.
package struct TokenChange: Equatable, Sendable {
    package var name: String?
    package var models: [String]?
    package var subnets: [String]?
    package var quota: Double?
    package var periodQuota: Double?
    package var periodType: QuotaPeriod?
    package var periodLastUpdateTime: Timestamp?
    package var status: Int?

    package init(
        name: String? = nil, models: [String]? = nil, subnets: [String]? = nil, quota: Double? = nil,
        periodQuota: Double? = nil, periodType: QuotaPeriod? = nil, periodLastUpdateTime: Timestamp? = nil,
        status: Int? = nil
    ) {
        self.name = name
        self.models = models
        self.subnets = subnets
        self.quota = quota
        self.periodQuota = periodQuota
        self.periodType = periodType
        self.periodLastUpdateTime = periodLastUpdateTime
        self.status = status
    }

    /// Whether nothing is to be changed.
    package var isEmpty: Bool { self == TokenChange() }

    /// The list of a `SET`; empty when nothing is to be changed.
    var assignments: SQL {
        var all: [SQL] = []
        if let name { all.append("name = \(name)") }
        if let models { all.append("models = \(models)") }
        if let subnets { all.append("subnets = \(subnets)") }
        if let quota { all.append("quota = \(quota)") }
        if let periodQuota { all.append("period_quota = \(periodQuota)") }
        if let periodType { all.append("period_type = \(periodType.rawValue)") }
        if let status { all.append("status = \(status)") }
        if let periodLastUpdateTime {
            all.append("period_last_update_time = \(periodLastUpdateTime)")
        } else if let periodQuota, periodQuota > 0 {
            all.append("period_last_update_time = coalesce(period_last_update_time, now())")
        } else {
            return SQL.joined(all, separator: ", ")
        }
        // A period that starts for the first time counts from here.
        all.append(
            """
            period_last_update_amount = CASE WHEN period_last_update_time IS NULL THEN used_amount
                ELSE period_last_update_amount END
            """)
        return SQL.joined(all, separator: ", ")
    }
}

/// A token as it is stored.
package struct Token: Equatable, Sendable {
    package let id: Int
    package var key: StoredKey
    package var name: String
    package var group: String
    package var models: [String]
    package var subnets: [String]
    package var status: Int
    package var quota: Double
    package var periodQuota: Double
    package var periodType: QuotaPeriod
    package var periodLastUpdateTime: Timestamp?
    package var periodLastUpdateAmount: String
    package var usedAmount: String
    package var requestCount: Int
    package var createdAt: Timestamp
    package var accessedAt: Timestamp?
}

/// The secret of a token: 48 characters `[0-9a-zA-Z]`, shown to callers with `sk-` in front.
package enum TokenKey {
    /// How many characters a key has.
    package static let length = 48

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new key; every character is equally likely.
    package static func generate() -> Redacted<String> {
        var characters: [UInt8] = []
        while characters.count < length {
            // 248 is the largest multiple of 62 in a byte: what is above would favour the first characters.
            for byte in randomBytes(64) where byte < 248 && characters.count < length {
                characters.append(alphabet[Int(byte) % alphabet.count])
            }
        }
        return Redacted(String(decoding: characters, as: UTF8.self))
    }

    /// What a key is stored and looked up by: lower-case hexadecimal SHA-256 of the key without `sk-`.
    package static func digest(_ key: String) -> String {
        SHA256.hex(key.hasPrefix("sk-") ? String(key.dropFirst(3)) : key)
    }
}
