import AdminHTTP
import HTTPCore
import Postgres
import RegistryStore

/// Reads the bodies that create and change tokens (contract admin-api §9).
enum TokenBody {
    /// More than any sum of money that is accounted here.
    static let maxAmount = 1e15
    private static let maxNameBytes = 32
    private static let maxMilliseconds = 253_402_300_799_999

    static func new(_ fields: BodyFields) throws(AdminFailure) -> NewToken {
        NewToken(
            name: try name(fields), models: try fields.names("models") ?? [], subnets: try subnets(fields) ?? [],
            quota: try fields.double("quota", upTo: maxAmount) ?? 0,
            periodQuota: try fields.double("period_quota", upTo: maxAmount) ?? 0,
            periodType: try period(fields) ?? .unset, periodLastUpdateTime: try periodStart(fields))
    }

    /// What is given of a token; an empty name and status 0 are not given.
    static func change(_ fields: BodyFields) throws(AdminFailure) -> TokenChange {
        let name = try fields.string("name") ?? ""
        let status = try fields.int("status", in: 0...2) ?? 0
        return TokenChange(
            name: name.isEmpty ? nil : try checked(name, fields), models: try fields.names("models"),
            subnets: try subnets(fields), quota: try fields.double("quota", upTo: maxAmount),
            periodQuota: try fields.double("period_quota", upTo: maxAmount), periodType: try period(fields),
            periodLastUpdateTime: try periodStart(fields), status: status == 0 ? nil : status)
    }

    /// The name, which must be given.
    static func name(_ fields: BodyFields) throws(AdminFailure) -> String {
        let name = try fields.string("name") ?? ""
        if name.isEmpty { throw fields.fault("name", "missing; a token needs a name") }
        return try checked(name, fields)
    }

    private static func checked(_ name: String, _ fields: BodyFields) throws(AdminFailure) -> String {
        guard name.utf8.count <= maxNameBytes else {
            throw fields.fault("name", "token name is too long (more than \(maxNameBytes) bytes)")
        }
        return name
    }

    private static func subnets(_ fields: BodyFields) throws(AdminFailure) -> [String]? {
        guard let subnets = try fields.names("subnets") else { return nil }
        for subnet in subnets where !Subnet.isCIDR(subnet) {
            throw AdminFailure(
                .badRequest,
                "parameter error: invalid subnet: '\(subnet)' in subnets is not a CIDR block such as 10.0.0.0/8")
        }
        return subnets
    }

    private static func period(_ fields: BodyFields) throws(AdminFailure) -> QuotaPeriod? {
        guard let text = try fields.string("period_type") else { return nil }
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
