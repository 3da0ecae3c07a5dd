/// What a database records of one applied migration.
struct AppliedMigration: Equatable, Sendable {
    var number: Int
    var name: String
    var checksum: String
}

/// Compares what a program holds with what a database has applied. Pure.
package struct MigrationPlan: Equatable, Sendable {
    /// What is to be applied, in order; tombstones are not among them.
    package let pending: [Migration]

    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - known: The program's list, in rising order.
    ///   - applied: What the database has.
    /// - Throws: When the two do not fit.
    init(known: [Migration], applied: [AppliedMigration]) throws(MigrationError) {
        var last = 0
        for migration in known {
            guard migration.number > last else { throw .invalidList(number: migration.number) }
            last = migration.number
        }
        let byNumber = Dictionary(known.map { ($0.number, $0) }) { first, _ in first }
        for record in applied.sorted(by: { $0.number < $1.number }) {
            guard let migration = byNumber[record.number] else {
                guard record.number < last else {
                    throw .newerDatabase(number: record.number, name: record.name, known: last)
                }
                throw .unknown(number: record.number, name: record.name)
            }
            guard migration.checksum.map({ $0 == record.checksum }) ?? true else {
                throw .changed(number: record.number, name: record.name)
            }
        }
        let done = Set(applied.map(\.number))
        let highest = done.max() ?? 0
        pending = known.filter { $0.sql != nil && !done.contains($0.number) }
        if let stray = pending.first, stray.number < highest {
            throw .outOfOrder(number: stray.number, name: stray.name, applied: highest)
        }
    }
}
