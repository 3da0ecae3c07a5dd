import Contracts
import HTTPCore
import JSON
import RegistryStore
import Testing

@testable import AdminAPI

@Suite("Counters over HTTP")
struct CounterRoutesTests {
    private func names(_ board: AdminBoard, _ path: String, _ plural: String, _ name: String) async throws -> [String] {
        try await board.call(.get, path).data[plural]?.array?.compactMap { $0[name]?.string } ?? []
    }

    @Test("lists are sorted by requests and amounts, whichever way; equal ones by id")
    func sorting() async throws {
        try await AdminBoard.with { board async throws in
            var totals: [CallTotal] = []
            for (place, name) in ["a", "b", "c"].enumerated() {
                let channel = try #require(try await board.channel(name)["id"]?.int)
                let token = try await board.call(
                    .post, "/api/token/\(name)?auto_create_group=true", #"{"name":"\#(name)"}"#)
                let id = try #require(token.data["id"]?.int)
                let requests: Int64 = [5, 12, 5][place]
                let amount = ["0.5", "0.25", "10"][place]
                for (kind, key) in [(TotalKind.channel, "\(channel)"), (.token, "\(id)"), (.group, name)] {
                    totals.append(
                        CallTotal(
                            kind: kind, key: key, requests: requests, usedAmount: amount, lastAt: 1_780_000_020_000_000,
                            stamp: 1))
                }
            }
            let counters = CounterStore(pool: board.pool)
            _ = try await counters.take(totals, from: try await counters.position(), epoch: "e", stamp: 2)
            for (plural, name) in [("channels", "name"), ("tokens", "name"), ("groups", "id")] {
                let path = "/api/\(plural)/?order="
                #expect(try await names(board, path + "request_count", plural, name) == ["b", "c", "a"])
                #expect(try await names(board, path + "request_count-asc", plural, name) == ["a", "c", "b"])
                #expect(try await names(board, path + "used_amount-desc", plural, name) == ["c", "a", "b"])
                #expect(try await names(board, path + "used_amount-asc", plural, name) == ["b", "a", "c"])
                let rows = try await board.call(.get, path + "request_count").data[plural]?.array ?? []
                #expect(rows.first?["request_count"] == 12 && rows.first?["used_amount"]?.double == 0.25)
                #expect(rows.allSatisfy { $0["accessed_at"] == 1_780_000_020_000 })
            }
        }
    }

    @Test(
        "a channel shows when it was last used in lists and by id, not in the answer of an edit, and not when it never was"
    )
    func accessedAt() async throws {
        try await AdminBoard.with { board async throws in
            let channel = try await board.channel("a")
            let id = try #require(channel["id"]?.int)
            #expect(channel["accessed_at"] == nil)
            let counters = CounterStore(pool: board.pool)
            let total = CallTotal(
                kind: .channel, key: "\(id)", requests: 3, retries: 1, lastAt: 1_780_000_020_000_000, stamp: 1)
            _ = try await counters.take([total], from: try await counters.position(), epoch: "e", stamp: 2)
            let found = try await board.call(.get, "/api/channel/\(id)").data
            #expect(found["accessed_at"] == 1_780_000_020_000 && found["retry_count"] == 1)
            #expect(try await board.channels().first?["accessed_at"] == 1_780_000_020_000)
            let edited = try await board.call(.put, "/api/channel/\(id)", #"{"type":1,"name":"b","models":["m"]}"#)
            #expect(edited.data["name"] == "b" && edited.data["accessed_at"] == nil)
            #expect(edited.data["request_count"] == 3)
        }
    }

    @Test("an option that nobody set shows the contract's default, and what is in force")
    func storageOptions() async throws {
        try await AdminBoard.with { board async throws in
            let hours = try await board.call(.get, "/api/option/LogStorageHours").data
            #expect(hours["value"] == "0" && hours["effective"] == "720" && hours["source"] == "default")
            #expect(try await board.call(.put, "/api/option/LogStorageHours", "0").isDone)
            let forever = try await board.call(.get, "/api/option/LogStorageHours").data
            #expect(forever["value"] == "0" && forever["effective"] == "0" && forever["source"] == "stored")
        }
    }
}
