import Crypto

/// One numbered change of a schema. Once shipped it is never edited; a mistake is mended by the next number.
package struct Migration: Equatable, Sendable {
    /// Its place; unique, from 1 upwards.
    package let number: Int
    /// What it does, for people.
    package let name: String
    /// The statements; `nil` for a tombstone.
    package let sql: String?

    /// A change.
    ///
    /// - Parameters:
    ///   - number: Its place.
    ///   - name: What it does, for people.
    ///   - sql: One or more statements; they run in one transaction with the schema first on the search path, so they must not contain
    ///     `BEGIN`, `COMMIT` or what cannot run in a transaction.
    package init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    private init(retired number: Int, name: String) {
        self.number = number
        self.name = name
        sql = nil
    }

    /// A number that was shipped once and is withdrawn: fresh databases skip it, old ones may have applied it, and it is never given out again.
    package static func retired(number: Int, name: String) -> Migration {
        Migration(retired: number, name: name)
    }

    /// SHA-256 of the statements in hex; `nil` for a tombstone.
    var checksum: String? {
        sql.map { SHA256.hex($0) }
    }
}
