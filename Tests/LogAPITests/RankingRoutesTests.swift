import CollectorSupport
import Contracts
import HTTPCore
import JSON
import Testing

@testable import LogAPI

@Suite struct RankingRoutesTests {
    /// 2026-03-10 00:00 UTC.
    private static let midnight: Int64 = 1_773_100_800
    private static let now = (midnight + 86_400 * 20) * 1_000_000

    private static let paths = [
        "/api/groups/ranking", "/api/groups/consumption_ranking", "/api/groups/ip_groups", "/api/logs/consume_error",
    ]

    @Test("nothing answers without the admin key", arguments: paths)
    func denied(_ path: String) async throws {
        try await DashboardAPI.run { api async throws in
            for key in [nil, "Bearer wrong"] { #expect(try await api.get(path, key: key).status == 401) }
        }
    }

    @Test("an empty store answers empty lists, and what is malformed is refused by name")
    func emptyAndBad() async throws {
        try await DashboardAPI.run { api async throws in
            let empty = #"{"items":[],"total":0,"type":"model","timezone":"Asia/Tokyo"}"#
            let ranking = try await api.data("/api/groups/ranking?type=model&timezone=Asia/Tokyo")
            #expect(ranking == (try JSONValue.parse(Array(empty.utf8))))
            #expect(try await api.data("/api/groups/ip_groups") == .object(JSONObject()))
            let errors = try await api.data("/api/logs/consume_error?keyword=x&token_id=1")
            #expect(errors == (try JSONValue.parse(Array(#"{"logs":[],"total":0}"#.utf8))))
            try await api.refused("/api/groups/ranking?type=planet", "type must be group, channel or model")
            try await api.refused("/api/groups/ip_groups?threshold=many", "threshold must be an integer")
            try await api.refused(
                "/api/groups/ranking?start_timestamp=2000000000&end_timestamp=1000000000",
                "end time is before start time")
        }
    }

    private func call(_ hour: Int64, _ group: String, _ channel: Int, _ tokens: Int, ip: String = "10.0.0.1")
        -> CallRecord
    {
        RecordBuilder.record((Self.midnight + hour * 3_600 + 1_800) * 1_000_000) {
            ($0.group, $0.tokenName, $0.channel, $0.ip) = (group, "t", channel, ip)
            $0.usage = TokenUsage(inputTokens: tokens, outputTokens: 1, totalTokens: tokens + 1)
        }
    }

    @Test("groups, channels and models are ranked in pages and in the order that was asked for")
    func ranked() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            try await api.store([call(0, "a", 1, 5), call(1, "a", 2, 5), call(2, "b", 2, 50), call(3, "", 3, 1)])
            let first = try await api.data("/api/groups/ranking")
            #expect(
                first["items"]?[0]
                    == (try JSONValue.parse(
                        Array(
                            #"{"rank":1,"group_id":"a","request_count":2,"input_tokens":10,"output_tokens":2,"total_tokens":12,"used_amount":0}"#
                                .utf8))))
            #expect(first["total"]?.int == 2 && first["type"]?.string == "group")
            let second = try await api.data("/api/groups/consumption_ranking?order=total_tokens_asc&page=2&per_page=1")
            #expect(second["items"]?[0]?["group_id"]?.string == "b" && second["items"]?[0]?["rank"]?.int == 2)
            #expect(second["items"]?.array?.count == 1 && second["total"]?.int == 2)
            let channels = try await api.data("/api/groups/ranking?type=channel&order=channel_id_desc")["items"]?.array
            #expect(channels?.compactMap { $0["channel_id"]?.int } == [3, 2, 1])
            let models = try await api.data("/api/groups/ranking?type=model&order=request_count_desc")["items"]?.array
            #expect(models?.compactMap { $0["request_count"]?.int } == [4])
        }
    }

    @Test("a window has exactly the hours that begin in it, wherever days begin")
    func windows() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            try await api.store((0..<120).map { call($0, "a", 1, 1) })
            for (from, through) in [
                (0, 119), (5, 100), (24, 95), (23, 48), (3, 7), (24, 47), (24, 24), (0, 23), (10, 24),
            ] {
                let window =
                    "start_timestamp=\(Self.midnight + Int64(from) * 3_600)&end_timestamp=\(Self.midnight + Int64(through) * 3_600)"
                let items = try await api.data("/api/groups/ranking?\(window)")["items"]
                #expect(items?[0]?["request_count"]?.int == through - from + 1, "hours \(from) to \(through)")
            }
            let open = try await api.data("/api/groups/ranking?end_timestamp=\(Self.midnight + 36 * 3_600 + 1)")
            #expect(open["items"]?[0]?["request_count"]?.int == 37)
            let late = try await api.data("/api/groups/ranking?start_timestamp=\(Self.midnight + 36 * 3_600 + 1)")
            #expect(late["items"]?[0]?["request_count"]?.int == 83)
        }
    }

    @Test("an address is listed when enough groups used it within the last week")
    func addresses() async throws {
        try await DashboardAPI.run(now: Self.now) { api async throws in
            let recent = Int64(20 * 24 - 5)
            try await api.store([
                call(recent, "a", 1, 1), call(recent, "b", 1, 1), call(recent, "b", 1, 1),
                call(recent, "c", 1, 1, ip: "10.0.0.2"), call(recent, "", 1, 1, ip: "10.0.0.2"),
                call(0, "z", 1, 1), call(0, "d", 1, 1, ip: "10.0.0.2"),
            ])
            let all = try await api.data("/api/groups/ip_groups")
            #expect(all == (try JSONValue.parse(Array(#"{"10.0.0.1":["a","b"],"10.0.0.2":["c"]}"#.utf8))))
            #expect(try await api.data("/api/groups/ip_groups?threshold=2")["10.0.0.2"] == nil)
            let early = try await api.data("/api/groups/ip_groups?end_timestamp=\(Self.midnight + 7_200)")
            #expect(early["10.0.0.1"] == .array([.string("z")]))
        }
    }
}
