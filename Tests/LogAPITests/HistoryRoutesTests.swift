import CollectorSupport
import Contracts
import HTTPCore
import JSON
import Testing

@testable import LogAPI

@Suite struct HistoryRoutesTests {
    /// 2026-06-29 10:12:39 UTC.
    private static let now: Int64 = 1_782_727_959_000_000
    private static let minute: Int64 = 60_000_000

    private func lines(_ answer: CollectorServer.Answer) -> [String] {
        String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("neither export nor deletion happens without the admin key")
    func denied() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            try await api.store([RecordBuilder.record(Self.now - 1)])
            for key in [nil, "Bearer wrong"] {
                #expect(try await api.get("/api/logs/export", key: key).status == 401)
                #expect(try await api.get("/api/log/g/export", key: key).status == 401)
                #expect(try await api.get("/api/logs/?timestamp=99999999999999", .delete, key: key).status == 401)
            }
            #expect(try await api.store.calls() == 1)
        }
    }

    @Test("an export is a file of CSV with a head, in the time of the zone")
    func file() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            let empty = try await api.get("/api/logs/export")
            #expect(empty.status == 200 && lines(empty).count == 1 && empty.body.starts(with: [0xEF, 0xBB, 0xBF]))
            try await api.store([
                RecordBuilder.failure(Self.now - Self.minute),
                RecordBuilder.record(Self.now) {
                    ($0.group, $0.tokenName, $0.user) = ("team a", "=1+1", "@x,\"y\"")
                    $0.tokenID = 5
                },
            ])
            let answer = try await api.get("/api/logs/export?timezone=Asia/Shanghai&order=asc&include_detail=true")
            #expect(answer.headers.first("content-type") == "text/csv; charset=utf-8")
            #expect(answer.headers.first("cache-control") == "no-store")
            #expect(
                answer.headers.first("content-disposition")
                    == #"attachment; filename="global_logs_20260629_181239.csv""#)
            #expect(answer.headers.first("trailer") == "X-Export-Count")
            let rows = lines(answer)
            #expect(
                rows.count == 3
                    && rows[0].hasPrefix(
                        "\u{FEFF}id,end_time,request_at,group,token_id,token_name,retry_at,channel,model")
            )
            #expect(rows[0].split(separator: ",").count == 51)
            #expect(
                rows[1].contains("2026-06-29 18:11:39.000 CST")
                    && rows[1].hasSuffix(#","{""error"":""boom""}""#.replacing("\"{", with: "\"{")))
            #expect(
                rows[2].contains(
                    "2026-06-29 18:12:39.000 CST,2026-06-29 18:12:37.500 CST,team a,5,'=1+1,,7,gpt-4o-test"))
            #expect(rows[2].contains(#","'@x,""y""","#))
            let group = try await api.get("/api/log/team%20a/export?timezone=Asia/Kolkata")
            #expect(
                lines(group).count == 2 && !lines(group)[0].contains("retry_at") && !lines(group)[0].contains("channel")
            )
            #expect(
                group.headers.first("content-disposition")?.contains("team_a_logs_20260629_154239_Asia_Kolkata.csv")
                    == true)
            let wide = try await api.get("/api/log/team%20a/export?include_channel=1&include_retry_at=true")
            #expect(lines(wide)[0].contains(",retry_at,channel,"))
        }
    }

    @Test("what is malformed is refused with the words of the contract")
    func bad() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            for path in ["/api/logs/export", "/api/log/g/export"] {
                try await api.refused(
                    path + "?start_timestamp=20&end_timestamp=10",
                    "start_timestamp cannot be greater than end_timestamp")
                try await api.refused(path + "?order=created_at-desc", "order must be asc or desc")
                try await api.refused(
                    path + "?chunk_interval=soon", "chunk_interval must be a valid duration such as 30m or 1h")
                for length in ["9m59s", "4h0m1s", "-1h", "0"] {
                    try await api.refused(
                        path + "?chunk_interval=\(length)", "chunk_interval must be between 10m and 4h")
                }
                try await api.refused(path + "?max_entries=all", "max_entries must be an integer")
            }
            for timestamp in ["", "?timestamp=", "?timestamp=0"] {
                try await api.refused("/api/logs/" + timestamp, "timestamp is required", .delete)
            }
            try await api.refused("/api/logs/?timestamp=x", "timestamp must be an integer", .delete)
            try await api.refused(
                "/api/logs/?timestamp=\(Int.min)", "timestamp must be a time in milliseconds", .delete)
        }
    }

    @Test("every call is in an export once, in order, over windows and pages", arguments: ["asc", "desc"])
    func complete(_ order: String) async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            // Many share their microsecond, and some stand at the very edges of windows.
            let records = (0..<2_600).map { number in
                RecordBuilder.record(Self.now - Int64(number / 3) * 10 * Self.minute / 7 * 7) {
                    $0.requestID = "r\(number)"
                    $0.channel = number % 2 + 1
                }
            }
            for (sequence, start) in stride(from: 0, to: records.count, by: 650).enumerated() {
                try await api.store(Array(records[start..<start + 650]), sequence: Int64(sequence + 1))
            }
            let answer = try await api.get("/api/logs/export?order=\(order)&chunk_interval=1h30m")
            let rows = lines(answer).dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            #expect(answer.trailers.first("X-Export-Count") == "2600")
            #expect(rows.count == 2_600 && Set(rows.map { $0[0] }).count == 2_600)
            let ends = rows.map { String($0[1]) }
            #expect(ends == (order == "asc" ? ends.sorted() : ends.sorted().reversed()))
            let some = try await api.get("/api/logs/export?order=\(order)&max_entries=1234&channel=2")
            #expect(lines(some).count == 1_235)
        }
    }

    @Test("deleted history is gone from lists, totals and exports, and stays in dashboards")
    func deletion() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            let day = Int64(86_400_000_000)
            try await api.store([0, 1, 2, 50, 51].map { RecordBuilder.failure(Self.now - $0 * day / 10) })
            let cutoff = (Self.now - day) / 1_000
            #expect(try await api.data("/api/logs/?timestamp=\(cutoff)", .delete) == .int(2))
            #expect(try await api.data("/api/logs?timestamp=\(cutoff)", .delete) == .int(0))
            let found = try await api.data("/api/logs/")
            #expect(found["total"]?.int == 3 && found["logs"]?.array?.count == 3)
            #expect(lines(try await api.get("/api/logs/export")).count == 4)
            let dashboard = try await api.data("/api/dashboardv2/?timespan=day").requestsByTime
            #expect(dashboard.values.reduce(0, +) == 5)
            #expect(try await api.data("/api/logs/?timestamp=\(Self.now / 1_000 + 86_400_000)", .delete) == .int(3))
        }
    }

    @Test(
        "durations are read as Go reads them",
        arguments: [
            ("30m", 1_800), ("1h30m", 5_400), ("1.5h", 5_400), ("+10m0s", 600), ("600000ms", 600), ("0", 0),
            ("-1h", -3_600),
            ("", nil), ("1", nil), ("h", nil), ("1d", nil), ("1h ", nil), (".h", nil), ("1.2.3h", nil), ("--1h", nil),
        ] as [(String, Double?)])
    func durations(_ text: String, _ seconds: Double?) {
        #expect(GoDuration.seconds(text) == seconds)
    }

    @Test("names of files hold nothing that could end a header")
    func fileNames() {
        #expect(HistoryRoutes.fileName("a\"b\r\n/c长_1.-") == "a_b___c__1.-")
    }
}
