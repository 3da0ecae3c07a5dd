import AdminHTTP
import HTTPCore
import Postgres
import RegistryStore

/// Reads the bodies that create tokens and groups (contract admin-api §9, §10).
enum TokenBody {
    /// More than any sum of money that is accounted here.
    static let maxAmount = 1e15
    private static let maxNameBytes = 32
    private static let maxMilliseconds = 253_402_300_799_999

    static func new(_ fields: BodyFields) throws(AdminFailure) -> NewToken {
        let name = try fields.string("name") ?? ""
        if name.isEmpty { throw fields.fault("name", "missing; a token needs a name") }
        guard name.utf8.count <= maxNameBytes else {
            throw fields.fault("name", "token name is too long (more than \(maxNameBytes) bytes)")
        }
        let subnets = try fields.names("subnets") ?? []
        for subnet in subnets where !Subnet.isCIDR(subnet) {
            throw AdminFailure(
                .badRequest,
                "parameter error: invalid subnet: '\(subnet)' in subnets is not a CIDR block such as 10.0.0.0/8")
        }
        return NewToken(
            name: name, models: try fields.names("models") ?? [], subnets: subnets,
            quota: try fields.double("quota", upTo: maxAmount) ?? 0,
            periodQuota: try fields.double("period_quota", upTo: maxAmount) ?? 0, periodType: try period(fields),
            periodLastUpdateTime: try periodStart(fields))
    }

    private static func period(_ fields: BodyFields) throws(AdminFailure) -> QuotaPeriod {
        guard let text = try fields.string("period_type") else { return .unset }
        guard let period = QuotaPeriod(rawValue: text) else {
            throw fields.fault("period_type", "expected daily, weekly or monthly")
        }
        return period
    }

    /// The start of the period; 0 and the "never" of the wire are none.
    private static func periodStart(_ fields: BodyFields) throws(AdminFailure) -> Timestamp? {
        let never = -62_135_596_800_000
        guard let time = try fields.int("period_last_update_time", in: never...maxMilliseconds), time > 0 else {
            return nil
        }
        return Timestamp(microseconds: Int64(time) * 1000)
    }
}

/// Reads the body that creates a group.
enum GroupBody {
    private static let maxRatio = 1e9
    private static let maxIDBytes = 64

    static func new(_ id: String, _ fields: BodyFields) throws(AdminFailure) -> NewGroup {
        NewGroup(
            id: try checked(id), rpmRatio: try fields.double("rpm_ratio", upTo: maxRatio) ?? 0,
            tpmRatio: try fields.double("tpm_ratio", upTo: maxRatio) ?? 0,
            availableSets: try fields.names("available_sets") ?? [],
            alertsOnBalance: try fields.bool("balance_alert_enabled") ?? false,
            balanceAlertThreshold: try fields.double("balance_alert_threshold", upTo: TokenBody.maxAmount) ?? 0)
    }

    /// An id that can be stored.
    static func checked(_ id: String) throws(AdminFailure) -> String {
        guard id.utf8.count <= maxIDBytes else {
            throw AdminFailure(.badRequest, "group: group id length too long (more than \(maxIDBytes) bytes)")
        }
        return id
    }
}
