import CollectorSupport
import Contracts
import HTTPCore
import JSON
import Testing

@testable import LogAPI

@Suite struct FirstDashboardTests {
    /// 2026-03-10 00:00 UTC.
    private static let midnight: Int64 = 1_773_100_800
    private static let now = (midnight + 3_600 * 15 + 1_200) * 1_000_000

    private func times(_ dashboard: JSONValue) -> [Int] {
        (dashboard["chart_data"]?.array ?? []).compactMap { $0["timestamp"]?.int }
    }

    @Test("without the key nothing is shown; an empty store has an empty chart and totals of zero")
    func emptyAndDenied() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            for path in ["/api/dashboard/", "/api/dashboard/g"] {
                #expect(try await api.get(path, key: nil).status == 401)
                let empty = try await api.data(path + "?type=week&timezone=Asia/Kolkata")
                #expect(empty["chart_data"] == .array([]) && empty["request_count"]?.int == 0)
                #expect(empty["total_count"]?.int == 0 && empty["max_rpm"]?.int == 0 && empty["rpm"]?.int == 0)
                #expect(empty["service_tier_flex"]?["request_count"]?.int == 0)
                #expect((empty["token_names"] == nil) == (path == "/api/dashboard/"))
            }
            try await api.refused("/api/dashboard/?channel=x", "channel must be an integer")
            try await api.refused(
                "/api/dashboard/g?start_timestamp=2000000000", "end time is before start time")
        }
    }

    @Test("a day is drawn in hours, with totals, names and zeros between")
    func day() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            func call(_ hour: Int64) -> CallRecord {
                RecordBuilder.record((Self.midnight + hour * 3_600 + 60) * 1_000_000) { $0.group = "g" }
            }
            try await api.store([call(2), call(2), call(12), call(-30), RecordBuilder.record(Self.now - 5_000_000)])
            let day = try await api.data("/api/dashboard/?type=day")
            let hours = [-8, 1, 2, 3, 11, 12, 13, 14, 15].map { Int(Self.midnight) + $0 * 3_600 }
            #expect(times(day) == hours)
            #expect(
                day["chart_data"]?[2]?["request_count"]?.int == 2 && day["chart_data"]?[1]?["request_count"]?.int == 0)
            #expect(day["request_count"]?.int == 4 && day["total_count"]?.int == 4 && day["total_tokens"]?.int == 52)
            #expect(day["rpm"]?.int == 1 && day["tpm"]?.int == 13 && day["channels"] == .array([.int(7)]))
            #expect(day["models"] == .array([.string("gpt-4o-test")]))
            let group = try await api.data("/api/dashboard/g?type=day&timespan=minute")
            #expect(group["request_count"]?.int == 3 && group["channels"] == nil && times(group).count == 9)
        }
    }

    @Test("weeks and months begin at midnight of the zone and are drawn in its days")
    func days() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            try await api.store([RecordBuilder.record(Self.now - 3_600_000_000)])
            let kolkata = Int(Self.midnight) - 19_800
            for (type, count) in [("week", 7), ("two_week", 15), ("month", 30)] {
                let chart = try await api.data("/api/dashboard/?type=\(type)&timezone=Asia/Kolkata")
                #expect(times(chart) == [kolkata - count * 86_400, kolkata - 86_400, kolkata])
            }
            let month = try await api.data("/api/dashboard/?timespan=month&type=day&timezone=Asia/Kolkata")
            #expect(times(month) == [kolkata - 9 * 86_400])
            let explicit = try await api.data(
                "/api/dashboard/?type=day&timespan=day&start_timestamp=\(Self.midnight - 86_400)")
            #expect(times(explicit) == [Int(Self.midnight) - 86_400, Int(Self.midnight)])
        }
    }
}
