import AdminHTTP
import HTTPCore
import RegistryStore

/// Reads the bodies that create and change groups (contract admin-api §10.1).
enum GroupBody {
    private static let ratios = -1e9...1e9
    private static let maxIDBytes = 64

    static func new(_ id: String, _ fields: BodyFields) throws(AdminFailure) -> NewGroup {
        let change = try change(fields)
        return NewGroup(
            id: try checked(id), rpmRatio: change.rpmRatio ?? 0, tpmRatio: change.tpmRatio ?? 0,
            availableSets: change.availableSets ?? [], alertsOnBalance: change.alertsOnBalance ?? false,
            balanceAlertThreshold: change.balanceAlertThreshold ?? 0)
    }

    /// What is given of a group; status 0 is not given.
    static func change(_ fields: BodyFields) throws(AdminFailure) -> GroupChange {
        let status = try fields.int("status", in: 0...2) ?? 0
        return GroupChange(
            status: status == 0 ? nil : status, rpmRatio: try fields.double("rpm_ratio", in: ratios),
            tpmRatio: try fields.double("tpm_ratio", in: ratios), availableSets: try fields.names("available_sets"),
            alertsOnBalance: try fields.bool("balance_alert_enabled"),
            balanceAlertThreshold: try fields.double("balance_alert_threshold", upTo: TokenBody.maxAmount))
    }

    /// A factor that must be given; 0 and less act as 1.
    static func ratio(_ name: String, _ fields: BodyFields) throws(AdminFailure) -> Double {
        guard let ratio = try fields.double(name, in: ratios) else {
            throw fields.fault(name, "missing; expected a number")
        }
        return ratio
    }

    /// An id that can be stored.
    static func checked(_ id: String) throws(AdminFailure) -> String {
        guard id.utf8.count <= maxIDBytes else {
            throw AdminFailure(.badRequest, "group: group id length too long (more than \(maxIDBytes) bytes)")
        }
        return id
    }
}
