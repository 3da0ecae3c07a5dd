package import Postgres

/// Why a schema cannot be brought up to date.
package enum MigrationError: Error, Equatable, Sendable {
    /// The list in the program is wrong: numbers must rise and be at least 1.
    case invalidList(number: Int)
    /// An applied migration is not what the program holds under its number.
    case changed(number: Int, name: String)
    /// The database was migrated by a newer program; this one must not touch it.
    case newerDatabase(number: Int, name: String, known: Int)
    /// The database has applied a number that the program has no word of.
    case unknown(number: Int, name: String)
    /// The program holds a migration below one that is applied already.
    case outOfOrder(number: Int, name: String, applied: Int)
    /// The statements of a migration failed; nothing of it was kept.
    case failed(number: Int, name: String, PostgresError)
    /// The statements of a migration ended its transaction.
    case endedTransaction(number: Int, name: String)
    /// Another process held the lock for too long.
    case locked
}

extension MigrationError: CustomStringConvertible {
    /// One line that tells an operator what to do.
    package var description: String {
        switch self {
        case .invalidList(let number): "migration \(number) is out of place in the program's list"
        case .changed(let number, let name):
            "migration \(number) (\(name)) was applied with other statements than this program holds; run the version that applied it"
        case .newerDatabase(let number, let name, let known):
            "the database has migration \(number) (\(name)), this program knows only up to \(known); run a newer version"
        case .unknown(let number, let name):
            "the database has migration \(number) (\(name)), which this program does not know"
        case .outOfOrder(let number, let name, let applied):
            "migration \(number) (\(name)) is not applied although \(applied) is"
        case .failed(let number, let name, let error): "migration \(number) (\(name)) failed: \(error)"
        case .endedTransaction(let number, let name): "migration \(number) (\(name)) ended its transaction"
        case .locked: "another process has been migrating this schema for too long"
        }
    }
}
