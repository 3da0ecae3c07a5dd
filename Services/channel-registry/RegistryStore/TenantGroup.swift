package import Postgres

/// A tenant group that is to be created.
package struct NewGroup: Equatable, Sendable {
    package var id: String
    /// Factor on the limits of a model; 0 acts as 1.
    package var rpmRatio: Double
    package var tpmRatio: Double
    /// Routing sets; empty for `default`.
    package var availableSets: [String]
    package var alertsOnBalance: Bool
    package var balanceAlertThreshold: Double

    package init(
        id: String, rpmRatio: Double = 0, tpmRatio: Double = 0, availableSets: [String] = [],
        alertsOnBalance: Bool = false, balanceAlertThreshold: Double = 0
    ) {
        self.id = id
        self.rpmRatio = rpmRatio
        self.tpmRatio = tpmRatio
        self.availableSets = availableSets
        self.alertsOnBalance = alertsOnBalance
        self.balanceAlertThreshold = balanceAlertThreshold
    }
}

/// A tenant group as it is stored.
package struct TenantGroup: Equatable, Sendable {
    package var id: String
    package var status: Int
    package var rpmRatio: Double
    package var tpmRatio: Double
    package var availableSets: [String]
    package var alertsOnBalance: Bool
    package var balanceAlertThreshold: Double
    package var usedAmount: String
    package var requestCount: Int
    package var createdAt: Timestamp
    package var accessedAt: Timestamp?
}

/// What is to be changed of a group; `nil` members stay as they are.
package struct GroupChange: Equatable, Sendable {
    package var status: Int?
    package var rpmRatio: Double?
    package var tpmRatio: Double?
    package var availableSets: [String]?
    package var alertsOnBalance: Bool?
    package var balanceAlertThreshold: Double?

    package init(
        status: Int? = nil, rpmRatio: Double? = nil, tpmRatio: Double? = nil, availableSets: [String]? = nil,
        alertsOnBalance: Bool? = nil, balanceAlertThreshold: Double? = nil
    ) {
        self.status = status
        self.rpmRatio = rpmRatio
        self.tpmRatio = tpmRatio
        self.availableSets = availableSets
        self.alertsOnBalance = alertsOnBalance
        self.balanceAlertThreshold = balanceAlertThreshold
    }

    /// Whether nothing is to be changed.
    package var isEmpty: Bool { self == GroupChange() }

    /// The list of a `SET`; empty when nothing is to be changed.
    var assignments: SQL {
        var all: [SQL] = []
        if let status { all.append("status = \(status)") }
        if let rpmRatio { all.append("rpm_ratio = \(rpmRatio)") }
        if let tpmRatio { all.append("tpm_ratio = \(tpmRatio)") }
        if let availableSets { all.append("available_sets = \(availableSets)") }
        if let alertsOnBalance { all.append("balance_alert_enabled = \(alertsOnBalance)") }
        if let balanceAlertThreshold { all.append("balance_alert_threshold = \(balanceAlertThreshold)") }
        return SQL.joined(all, separator: ", ")
    }
}

/// Which groups a list shows; empty members let everything through.
package struct GroupFilter: Sendable {
    /// The columns that groups can be sorted by.
    package enum Field: String, Sendable, CaseIterable {
        case id, status
        case requestCount = "request_count"
        case createdAt = "created_at"
        case usedAmount = "used_amount"
    }

    package var status: Int
    /// A text that occurs in the id or in the sets, in any case.
    package var keyword: String
    package var order: ListOrder<Field>

    package init(status: Int = 0, keyword: String = "", order: ListOrder<Field> = ListOrder(.id)) {
        self.status = status
        self.keyword = keyword
        self.order = order
    }

    var condition: SQL {
        var all: [SQL] = ["true"]
        if status != 0 { all.append("status = \(status)::bigint") }
        if !keyword.isEmpty {
            let pattern = ChannelFilter.containing(keyword)
            all.append("(id ILIKE \(pattern) OR array_to_json(available_sets)::text ILIKE \(pattern))")
        }
        return SQL.joined(all, separator: " AND ")
    }
}
