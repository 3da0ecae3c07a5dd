import CollectorSupport
import Contracts
import HTTPCore
import JSON
import Testing

@testable import LogAPI

@Suite struct DashboardRoutesTests {
    /// 2026-03-10 00:00 UTC.
    private static let midnight: Int64 = 1_773_100_800
    private static let second: Int64 = 1_000_000

    private static let paths = [
        "/api/dashboardv2", "/api/dashboardv2/", "/api/dashboardv2/g", "/api/dashboardv3/", "/api/dashboardv3/g",
    ]

    @Test("no dashboard answers without the admin key", arguments: paths)
    func denied(_ path: String) async throws {
        try await DashboardAPI.run { api async throws in
            for key in [nil, "Bearer wrong"] { #expect(try await api.get(path, key: key).status == 401) }
        }
    }

    @Test("an empty store answers empty arrays, and malformed numbers are refused by name")
    func emptyAndBad() async throws {
        try await DashboardAPI.run { api async throws in
            #expect(try await api.data("/api/dashboardv2/?channel=&model=&channel=0") == .array([]))
            #expect(try await api.data("/api/dashboardv2/nobody") == .array([]))
            #expect(try await api.data("/api/dashboardv3/")["time_series"] == .array([]))
            let group = try await api.data("/api/dashboardv3/nobody")
            #expect(group["token_names"] == .array([]) && group["rpm"]?.int == 0 && group["channels"] == nil)
            #expect(try await api.data("/api/dashboardv2/?timezone=Nowhere/At_All&timespan=eon") == .array([]))
            #expect(try await api.data("/api/dashboardv2/?timezone=%27%3B--") == .array([]))
            try await api.refused("/api/dashboardv2/?channel=x", "channel must be an integer")
            try await api.refused(
                "/api/dashboardv3/?start_timestamp=1773100801&end_timestamp=1773100800",
                "end time is before start time")
        }
    }

    @Test("a row has every sum of its channel and model, retries and failures among them")
    func everySum() async throws {
        let now = (Self.midnight + 3_600 * 5) * Self.second
        try await DashboardAPI.run(now: now) { api async throws in
            let at = now - 600 * Self.second
            try await api.store([
                RecordBuilder.record(at) { $0.usage.cachedTokens = 3 },
                RecordBuilder.record(at) {
                    $0.code = 429
                    $0.outcome = .failed
                    $0.usage = TokenUsage()
                },
                RecordBuilder.record(at + 61 * Self.second) {
                    $0.attempts.insert(
                        CallAttempt(
                            channel: 9, reason: "first", status: 503, outcome: .failed, startedAt: at,
                            durationMicroseconds: 200_000), at: 0)
                },
                RecordBuilder.record(at) {
                    $0.channel = nil
                    $0.attempts = []
                    $0.code = 404
                    $0.model = "invented"
                },
            ])
            let points = try await api.data("/api/dashboardv2/").array ?? []
            #expect(points.count == 1 && points.first?["timestamp"]?.int == Int(Self.midnight + 3_600 * 4))
            let rows = points.first?["summary"]?.array ?? []
            #expect(
                rows.first
                    == (try JSONValue.parse(
                        Array(
                            """
                            {"timestamp":\(Self.midnight + 3_600 * 4),"channel_id":7,"model":"gpt-4o-test","request_count":3,\
                            "exception_count":1,"status_2xx_count":2,"status_4xx_count":1,"status_429_count":1,"cache_hit_count":1,\
                            "input_tokens":16,"output_tokens":10,"cached_tokens":3,"total_tokens":26,\
                            "total_time_milliseconds":4500,"total_ttfb_milliseconds":1920,\
                            "service_tier_flex":{"request_count":0},"service_tier_priority":{"request_count":0},\
                            "claude_long_context":{"request_count":0},"max_rpm":2,"max_tpm":13}
                            """.utf8))))
            #expect(rows.count == 2 && rows.last?["channel_id"]?.int == 9)
            #expect(rows.last?["retry_count"]?.int == 1 && rows.last?["exception_count"]?.int == 1)
            #expect(rows.last?["status_5xx_count"]?.int == 1 && rows.last?["total_time_milliseconds"]?.int == 200)
            let only = try await api.data("/api/dashboardv2/?channel=9&fields=retry_count")
            #expect(only.requestsByTime.values.first == 0 && only[0]?["summary"]?[0]?["retry_count"]?.int == 1)
            let minutes = try await api.data("/api/dashboardv2/?timespan=minute&model=gpt-4o-test&channel=7")
            #expect(minutes.requestsByTime.values.sorted() == [1, 2])
            #expect(minutes[0]?["summary"]?[0]?["max_rpm"]?.int == 2)
        }
    }

    @Test(
        "points start at full hours and midnights of the zone that was sent",
        arguments: [
            ("Asia/Kolkata", 330), ("Asia/Kathmandu", 345), ("Asia/Shanghai", 480), ("America/New_York", -240),
            ("Pacific/Chatham", 825), ("UTC", 0), ("", 0),
        ])
    func alignment(_ zone: String, _ offset: Int64) async throws {
        let now = (Self.midnight + 86_400 * 2) * Self.second
        try await DashboardAPI.run(now: now) { api async throws in
            // One call in each minute that begins or ends an hour of the zone.
            let hours = (0..<48).map { Self.midnight - offset * 60 % 3_600 + 3_600 * Int64($0) }
            try await api.store(
                hours.flatMap {
                    [RecordBuilder.record($0 * Self.second), RecordBuilder.record(($0 + 3_599) * Self.second)]
                })
            let hourly = try await api.data("/api/dashboardv2/?timespan=hour&timezone=\(zone)").requestsByTime
            #expect(hourly == Dictionary(uniqueKeysWithValues: hours.map { (Int($0), 2) }))
            let days = Dictionary(grouping: hours) { ($0 + offset * 60).quotient(86_400) * 86_400 - offset * 60 }
            let daily = try await api.data("/api/dashboardv2/?timespan=day&timezone=\(zone)").requestsByTime
            #expect(daily == Dictionary(uniqueKeysWithValues: days.map { (Int($0), $1.count * 2) }))
            // An hour that begins before the start is left out, one that begins with the end is whole.
            let window = "start_timestamp=\(hours[3])000&end_timestamp=\(hours[5])000&timezone=\(zone)"
            let narrow = try await api.data("/api/dashboardv2/?\(window)").requestsByTime
            #expect(narrow == [Int(hours[3]): 2, Int(hours[4]): 2, Int(hours[5]): 2])
            let later = "start_timestamp=\(hours[3] + 1)&end_timestamp=\(hours[5] - 1)&timezone=\(zone)"
            #expect(try await api.data("/api/dashboardv2/?\(later)").requestsByTime == [Int(hours[4]): 2])
        }
    }

    /// Each with its first moment, its length and the one after it.
    @Test(
        "days on which clocks change are as long as they are",
        arguments: [
            ("America/New_York", 1_772_946_000, 23), ("America/New_York", 1_793_505_600, 25),
            ("Europe/Berlin", 1_774_738_800, 23), ("Australia/Lord_Howe", 1_775_307_600, 24),
            // Midnight itself is skipped, or comes twice.
            ("Africa/Cairo", 1_776_981_600, 23), ("America/Havana", 1_793_505_600, 25),
        ])
    func daylightSaving(_ zone: String, _ start: Int64, _ hours: Int64) async throws {
        let now = (start + 86_400 * 3) * Self.second
        try await DashboardAPI.run(now: now) { api async throws in
            let end = start + hours * 3_600 + (zone == "Australia/Lord_Howe" ? 1_800 : 0)
            try await api.store(
                [start - 1, start, start + 3_700, start + 7_300, end - 1, end].map {
                    RecordBuilder.record($0 * Self.second)
                })
            let days = try await api.data("/api/dashboardv2/?timespan=day&timezone=\(zone)").requestsByTime
            #expect(days.count == 3 && days[Int(start)] == 4 && days[Int(end)] == 1)
            let hourly = try await api.data("/api/dashboardv2/?timezone=\(zone)").requestsByTime
            #expect(hourly[Int(start)] == 1 && hourly.values.reduce(0, +) == 6)
        }
    }

    @Test("months begin at midnight of their first day in the zone")
    func months() async throws {
        try await DashboardAPI.run(now: 1_780_000_000 * Self.second) { api async throws in
            // 2026-04-01 00:00 in Kolkata.
            let april: Int64 = 1_774_981_800
            try await api.store([april - 1, april, april + 86_400].map { RecordBuilder.record($0 * Self.second) })
            let months = try await api.data("/api/dashboardv2/?timespan=month&timezone=Asia/Kolkata").requestsByTime
            #expect(months == [Int(april): 2, Int(april - 31 * 86_400): 1])
        }
    }

    @Test("a group sees its own tokens and models only, with what callers got")
    func groups() async throws {
        let now = (Self.midnight + 3_600 * 5) * Self.second
        try await DashboardAPI.run(now: now) { api async throws in
            func call(_ group: String, _ token: String, _ model: String) -> CallRecord {
                RecordBuilder.record(now - 10 * Self.second) {
                    ($0.group, $0.tokenName, $0.model) = (group, token, model)
                    $0.attempts.append($0.attempts[0])
                }
            }
            try await api.store([
                call("g", "one", "a"), call("g", "two", "a"), call("g", "two", "b"), call("h", "one", "a"),
            ])
            let row = try await api.data("/api/dashboardv2/g?token_name=one")[0]?["summary"]?[0]
            #expect(row?["group_id"]?.string == "g" && row?["token_name"]?.string == "one")
            #expect(row?["request_count"]?.int == 1 && row?["retry_count"] == nil && row?["channel_id"] == nil)
            let third = try await api.data("/api/dashboardv3/g?model=a")
            #expect(third["time_series"]?.requestsByTime.values.first == 2 && third["rpm"]?.int == 2)
            #expect(third["tpm"]?.int == 26 && third["models"] == .array([.string("a"), .string("b")]))
            #expect(third["token_names"] == .array([.string("two"), .string("one")]))
            let all = try await api.data("/api/dashboardv3/")
            #expect(all["channels"] == .array([.int(7)]) && all["token_names"] == nil && all["rpm"]?.int == 8)
        }
    }
}

extension Int64 {
    fileprivate func quotient(_ divisor: Int64) -> Int64 { (self - ((self % divisor) + divisor) % divisor) / divisor }
}
