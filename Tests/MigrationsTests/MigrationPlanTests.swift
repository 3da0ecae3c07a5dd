import Testing

@testable import Migrations

@Suite("Migration plan")
struct MigrationPlanTests {
    private let one = Migration(number: 1, name: "one", sql: "SELECT 1")
    private let two = Migration(number: 2, name: "two", sql: "SELECT 2")
    private let three = Migration(number: 3, name: "three", sql: "SELECT 3")

    private func applied(_ migration: Migration) -> AppliedMigration {
        AppliedMigration(number: migration.number, name: migration.name, checksum: migration.checksum ?? "")
    }

    @Test("what is not applied yet is pending, in order")
    func pending() throws {
        #expect(try MigrationPlan(known: [one, two, three], applied: []).pending == [one, two, three])
        #expect(try MigrationPlan(known: [one, two, three], applied: [applied(one)]).pending == [two, three])
        #expect(try MigrationPlan(known: [one], applied: [applied(one)]).pending == [])
    }

    @Test("a tombstone is never pending, and an applied one is accepted whatever it was")
    func tombstones() throws {
        let retired = Migration.retired(number: 2, name: "two")
        #expect(try MigrationPlan(known: [one, retired, three], applied: [applied(one)]).pending == [three])
        let old = AppliedMigration(number: 2, name: "old", checksum: "whatever")
        #expect(try MigrationPlan(known: [one, retired, three], applied: [applied(one), old]).pending == [three])
    }

    @Test("an applied migration with other statements is refused")
    func changed() {
        let other = AppliedMigration(number: 1, name: "one", checksum: "00")
        #expect(throws: MigrationError.changed(number: 1, name: "one")) {
            try MigrationPlan(known: [one], applied: [other])
        }
    }

    @Test("a database of a newer program is refused")
    func newer() {
        #expect(throws: MigrationError.newerDatabase(number: 3, name: "three", known: 2)) {
            try MigrationPlan(known: [one, two], applied: [applied(one), applied(two), applied(three)])
        }
    }

    @Test("a gap on either side is refused")
    func gaps() {
        #expect(throws: MigrationError.unknown(number: 2, name: "two")) {
            try MigrationPlan(known: [one, three], applied: [applied(one), applied(two)])
        }
        #expect(throws: MigrationError.outOfOrder(number: 2, name: "two", applied: 3)) {
            try MigrationPlan(known: [one, two, three], applied: [applied(one), applied(three)])
        }
    }

    @Test("a list that does not rise is refused", arguments: [[1, 1], [2, 1], [0], [-1]])
    func list(_ numbers: [Int]) {
        #expect(throws: MigrationError.self) {
            try MigrationPlan(known: numbers.map { Migration(number: $0, name: "x", sql: "") }, applied: [])
        }
    }

    @Test("the checksum is the SHA-256 of the statements")
    func checksum() {
        #expect(
            Migration(number: 1, name: "x", sql: "abc").checksum
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
