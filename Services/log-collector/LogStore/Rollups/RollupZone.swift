import Postgres
import Synchronization

/// A time zone that the database knows.
package struct RollupZone: Equatable, Sendable {
    /// The name, as PostgreSQL takes it.
    package var name: String
    /// Whether its hours begin at hours of UTC, in every season.
    package var hasWholeHours: Bool

    /// The zone of the server, and of names that nobody knows.
    package static let utc = RollupZone(name: "UTC", hasWholeHours: true)

    /// The longest spans whose sums make up the hours of this zone.
    var hourly: RollupGrain { hasWholeHours ? .hour : .quarter }
}

/// Finds time zones by name and keeps what it found; names come from callers, so it keeps only so many.
final class RollupZones: Sendable {
    private static let limit = 1_024
    private let known = Mutex<[String: RollupZone]>([:])

    /// The zone of a name; UTC when the name is empty or unknown, which is no error (contract admin-api §1.4).
    func zone(_ name: String?, pool: PostgresPool) async throws -> RollupZone {
        guard let name, Self.isName(name), name != "Local" else { return .utc }
        if let zone = known.withLock({ $0[name] }) { return zone }
        let zone = try await Self.find(name, pool: pool)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[name] = zone
        }
        return zone
    }

    /// Letters, digits and the few marks of IANA names; keeps colons and angle brackets of POSIX rules out.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2F, 0x2B, 0x2D: true
                default: false
                }
            }
    }

    private static func find(_ name: String, pool: PostgresPool) async throws -> RollupZone {
        do throws(PostgresError) {
            let rows = try await pool.query(
                """
                SELECT bool_and(extract(epoch FROM (t AT TIME ZONE \(name)) - (t AT TIME ZONE 'UTC'))::bigint % 3600 = 0) AS whole
                FROM generate_series(timestamptz '2015-01-15', now() + interval '1 year', interval '1 month') AS t
                """)
            return RollupZone(name: name, hasWholeHours: try rows.first?.decode("whole", as: Bool.self) ?? false)
        } catch {
            guard case .server(let state, _, _, _) = error, state.code == "22023" else { throw error }
            return .utc
        }
    }
}
