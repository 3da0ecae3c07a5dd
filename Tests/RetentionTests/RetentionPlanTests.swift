import LogStore
import Testing

@testable import Retention

@Suite struct RetentionPlanTests {
    /// 2025-01-31 07:30:00 UTC.
    private let now: Int64 = 1_738_308_600_000_000
    private let hour: Int64 = 3_600_000_000

    private func plan(_ terms: StorageTerms = StorageTerms(), _ existing: [String] = []) -> RetentionPlan {
        RetentionPlan(now: now, terms: terms, existing: existing.compactMap { LogPartition(name: $0) })
    }

    @Test("an empty store gets today and three days, this hour and twelve more")
    func ahead() {
        let created = plan().create.map(\.name)
        #expect(created.prefix(4) == ["calls_20250131", "calls_20250201", "calls_20250202", "calls_20250203"])
        #expect(created.dropFirst(4).first == "bodies_20250131_07")
        #expect(created.last == "bodies_20250131_19")
        #expect(created.count == 17)
    }

    @Test("what exists is not made again")
    func existing() {
        let created = plan(StorageTerms(), ["calls_20250131", "bodies_20250131_08"]).create.map(\.name)
        #expect(!created.contains("calls_20250131") && !created.contains("bodies_20250131_08"))
        #expect(created.count == 15)
    }

    @Test("a partition is dropped when its last microsecond is over, not before")
    func drops() {
        let plan = plan(
            StorageTerms(recordHours: 31, bodyHours: 1),
            [
                "calls_20250129", "calls_20250130", "calls_20250131", "bodies_20250131_05", "bodies_20250131_06",
                "bodies_20250131_07",
            ])
        #expect(plan.drop.map(\.name) == ["calls_20250129", "bodies_20250131_05"])
    }

    @Test("at the very end of the hour the hour goes")
    func edge() throws {
        let body = try #require(LogPartition(name: "bodies_20250131_05"))
        let over = RetentionPlan(now: body.end + hour, terms: StorageTerms(), existing: [body])
        let almost = RetentionPlan(now: body.end + hour - 1, terms: StorageTerms(), existing: [body])
        #expect(over.drop == [body])
        #expect(almost.drop == [])
    }

    @Test("records that are kept for ever are never dropped and no leftover of theirs is deleted")
    func forEver() {
        let plan = plan(StorageTerms(recordHours: 0), ["calls_19990101", "bodies_20250101_00"])
        #expect(plan.drop.map(\.name) == ["bodies_20250101_00"])
        #expect(plan.leftovers == [.init(table: .bodies, cutoff: now - hour)])
    }

    @Test("when nothing is stored nothing is made, and what was stored goes as its partitions end")
    func none() {
        let plan = plan(
            StorageTerms(recordHours: -1),
            ["calls_20250130", "calls_20250131", "bodies_20250131_06", "bodies_20250131_07"])
        #expect(plan.create.isEmpty)
        #expect(plan.drop.map(\.name) == ["calls_20250130", "bodies_20250131_06"])
        #expect(plan.leftovers == [.init(table: .calls, cutoff: now), .init(table: .bodies, cutoff: now)])
    }

    @Test("when no bodies are stored only partitions of calls are made")
    func noBodies() {
        let plan = plan(StorageTerms(recordHours: 0, bodyHours: -1), ["bodies_20250131_06"])
        #expect(plan.create.allSatisfy { $0.table == .calls } && plan.create.count == 4)
        #expect(plan.drop.map(\.name) == ["bodies_20250131_06"])
    }

    @Test("a gateway run is remembered for ninety days")
    func positions() {
        #expect(plan().positionCutoff == now - 90 * 24 * hour)
    }
}
