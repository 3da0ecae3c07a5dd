import Foundation
import Testing

@testable import LogStore

@Suite struct LogPartitionTests {
    /// 2025-01-31 07:59:59.999999 UTC.
    private let instant: Int64 = 1_738_310_399_999_999

    @Test("a call belongs to its day and a body to its hour")
    func names() {
        #expect(LogPartition(of: .calls, containing: instant).name == "calls_20250131")
        #expect(LogPartition(of: .bodies, containing: instant).name == "bodies_20250131_07")
        #expect(LogPartition(of: .bodies, containing: instant + 1).name == "bodies_20250131_08")
        #expect(LogPartition(of: .calls, containing: instant).advanced(by: 1).name == "calls_20250201")
        #expect(LogPartition(of: .bodies, containing: instant).advanced(by: 17).name == "bodies_20250201_00")
        #expect(LogPartition(of: .bodies, containing: instant).advanced(by: -8).name == "bodies_20250130_23")
    }

    @Test("bounds are whole days and hours in UTC")
    func bounds() {
        let day = LogPartition(of: .calls, containing: instant)
        #expect(day.lowerBound == "'2025-01-31 00:00:00+00'")
        #expect(day.upperBound == "'2025-02-01 00:00:00+00'")
        let hour = LogPartition(of: .bodies, containing: instant)
        #expect(hour.lowerBound == "'2025-01-31 07:00:00+00'")
        #expect(hour.upperBound == "'2025-01-31 08:00:00+00'")
        #expect(hour.end - hour.start == 3_600_000_000)
    }

    @Test("a name is read back to the same partition")
    func readBack() {
        for offset in stride(from: Int64(0), to: 3 * 366, by: 1) {
            for table in LogTable.allCases {
                let partition = LogPartition(
                    of: table, containing: instant + offset * 86_400_000_000 + offset * 3_600_000_000)
                #expect(LogPartition(name: partition.name) == partition)
            }
        }
    }

    @Test(
        "what is no partition of ours has no time",
        arguments: [
            "calls_other", "bodies_other", "calls", "calls_", "calls_2025013", "calls_20250230", "calls_20251301",
            "calls_20250131_07",
            "bodies_20250131", "bodies_20250131_24", "bodies_20250131_7", "bodies_20250131_+7", "positions_20250131",
            "calls_２０２５0131",
            "calls_00000101", "calls_20250131x", "",
        ])
    func foreign(_ name: String) {
        #expect(LogPartition(name: name) == nil)
    }

    @Test("the calendar is the calendar of Foundation, through leap years and before 1970")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -20_000, to: 60_000, by: 7) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let ours = CivilDate(containing: Int64(day) * 86_400_000_000 + 5)
            #expect(ours.year == parts.year && ours.month == parts.month && ours.day == parts.day)
            #expect(ours.microseconds == Int64(day) * 86_400_000_000)
        }
    }
}
