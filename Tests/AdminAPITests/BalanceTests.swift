import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Postgres
import RegistryStore
import Synchronization
import Telemetry
import Testing

@testable import AdminAPI

@Suite("Balances")
struct BalanceTests {
    private func balance(_ type: Int, _ answers: JSONValue...) -> Result<String, BalanceSource.Fault> {
        Result { () throws(BalanceSource.Fault) in try BalanceSource(type: type).balance(in: answers) }
    }

    private func addresses(_ type: Int, _ base: String) -> [String] {
        BalanceSource(type: type).addresses(base: base, start: "2026-01-01", today: "2026-02-03")
    }

    @Test("each vendor is asked at its own address")
    func asked() {
        #expect(addresses(36, "https://d/v1") == ["https://d/v1/user/balance"])
        #expect(addresses(25, "https://m/v1") == ["https://m/v1/users/me/balance"])
        #expect(addresses(43, "https://s/v1") == ["https://s/v1/user/info"])
        #expect(addresses(20, "https://o/api/v1") == ["https://o/api/v1/credits"])
        let billing = [
            "https://o/v1/dashboard/billing/subscription",
            "https://o/v1/dashboard/billing/usage?start_date=2026-01-01&end_date=2026-02-03",
        ]
        #expect(addresses(1, "https://o/v1") == billing && addresses(1, "https://o") == billing)
        #expect(addresses(14, "https://a").isEmpty && addresses(16, "https://z").isEmpty)
    }

    @Test("each vendor's answer is read, numbers and texts alike")
    func read() {
        #expect(
            balance(
                36,
                [
                    "balance_infos": [
                        ["currency": "USD", "total_balance": "1"], ["currency": "CNY", "total_balance": "110.50"],
                    ]
                ])
                == .success("110.50"))
        #expect(balance(36, ["balance_infos": [["currency": "USD", "total_balance": "1"]]]) == .success("1"))
        #expect(balance(25, ["data": ["available_balance": .number(JSONNumber(49.5)!)]]) == .success("49.5"))
        #expect(balance(43, ["data": ["balance": "0.88"]]) == .success("0.88"))
        #expect(
            balance(20, ["data": ["total_credits": 10, "total_usage": .number(JSONNumber(2.3)!)]]) == .success("7.7"))
        #expect(
            balance(1, ["hard_limit_usd": 100], ["total_usage": .number(JSONNumber(1234.5)!)]) == .success("87.655"))
        #expect(balance(14) == .success("0") && balance(16) == .success("0"))
    }

    @Test(
        "an answer without a balance is told by the member that is missing",
        arguments: [
            (36, "{}", "the answer has no balance_infos"),
            (25, "{}", "the answer has no number in data.available_balance"),
            (43, #"{"data":{"balance":"NaN"}}"#, "the answer has no number in data.balance"),
            (43, #"{"data":{"balance":"0x10"}}"#, "the answer has no number in data.balance"),
            (43, #"{"data":{"balance":"1e999"}}"#, "the answer has no number in data.balance"),
            (1, #"{"hard_limit_usd":1}"#, "the answer has no number in total_usage"),
        ])
    func unreadable(type: Int, answer: String, reason: String) throws {
        let value = try JSONValue.parse(Array(answer.utf8))
        #expect(balance(type, value) == .failure(BalanceSource.Fault(reason: reason)))
    }

    @Test("a vendor's balance is answered, stored and dated; the key went with the question")
    func refresh() async throws {
        try await AdminBoard.with { board async throws in
            try await withVendor(board) { vendor, asked async throws in
                let id = try await channel(board, #""type":36,"key":"sk-1","base_url":"\#(vendor)/ok""#)
                let answer = try await board.call(.get, "/api/channel/\(id)/update_balance")
                #expect(answer.text == #"{"data":110.5,"success":true}"#)
                #expect(asked.withLock { $0 } == ["GET /ok/user/balance Bearer sk-1"])
                let stored = try await board.call(.get, "/api/channel/\(id)").data
                #expect(stored["balance"]?.double == 110.5 && stored["status"] == 1)
                #expect(try #require(stored["balance_updated_at"]?.int) > 1_700_000_000_000)
                let billed = try await channel(board, #""type":1,"key":"k","base_url":"\#(vendor)/ok/v1""#)
                #expect(
                    try await board.call(.get, "/api/channel/\(billed)/update_balance").text
                        == #"{"data":87.655,"success":true}"#)
            }
        }
    }

    @Test("what goes wrong is answered with 200 and told, the key left out, and disables nothing")
    func failures() async throws {
        try await AdminBoard.with { board async throws in
            try await withVendor(board) { vendor, _ async throws in
                let refused = try await channel(
                    board, #""name":"n","type":36,"key":"sk-secret","base_url":"\#(vendor)/refused""#)
                let answer = try await board.call(.get, "/api/channel/\(refused)/update_balance")
                #expect(answer.status == 200 && answer.json["success"] == false)
                #expect(
                    answer.message
                        == "failed to get channel n (type: 36, id: \(refused)) balance: the vendor answered 401: bad key ***"
                )
                #expect(try await board.call(.get, "/api/channel/\(refused)").data["status"] == 1)
                let garbled = try await channel(board, #""name":"g","type":43,"base_url":"\#(vendor)/text""#)
                #expect(
                    try await board.call(.get, "/api/channel/\(garbled)/update_balance").message
                        == "failed to get channel g (type: 43, id: \(garbled)) balance: the answer is not JSON")
                let dead = try await channel(board, #""name":"d","type":36,"base_url":"http://127.0.0.1:1""#)
                #expect(
                    try await board.call(.get, "/api/channel/\(dead)/update_balance").message
                        == "failed to get channel d (type: 36, id: \(dead)) balance: the vendor could not be asked (connect)"
                )
                let missing = try await board.call(.get, "/api/channel/999/update_balance")
                #expect(
                    missing.status == 200 && missing.message == "channel record not found"
                        && missing.json["data"] == nil)
                #expect(try await board.call(.get, "/api/channel/x/update_balance").json["success"] == false)
            }
        }
    }

    @Test("a balance below the threshold is stored and complained of")
    func threshold() async throws {
        try await AdminBoard.with { board async throws in
            try await withVendor(board) { vendor, _ async throws in
                let id = try await channel(board, #""name":"n","type":36,"base_url":"\#(vendor)/ok""#)
                _ = try await board.pool.execute(
                    "UPDATE registry.channels SET balance_threshold = 200 WHERE id = \(id)")
                let answer = try await board.call(.get, "/api/channel/\(id)/update_balance")
                #expect(answer.status == 200)
                #expect(answer.message == "channel n (type: 36, id: \(id)) balance is less than threshold: 110.500000")
                #expect(try await board.call(.get, "/api/channel/\(id)").data["balance"]?.double == 110.5)
            }
        }
    }

    @Test("types without an account answer 0; only some of them store it")
    func nothing() async throws {
        try await AdminBoard.with { board async throws in
            for (type, stores) in [(14, false), (16, true)] {
                let id = try await channel(board, #""type":\#(type)"#)
                _ = try await board.pool.execute("UPDATE registry.channels SET balance = 5 WHERE id = \(id)")
                #expect(
                    try await board.call(.get, "/api/channel/\(id)/update_balance").text
                        == #"{"data":0,"success":true}"#)
                #expect(try await board.call(.get, "/api/channel/\(id)").data["balance"] == (stores ? 0 : 5))
            }
        }
    }

    @Test("the refresh of all asks for those that want it, at most ten at a time, and outlives failures")
    func all() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.get, "/api/channels/update_balance").isDone)
            try await withVendor(board) { vendor, asked async throws in
                let channels = (0..<25).map { number in
                    #"{"type":36,"name":"\#(number)","base_url":"\#(vendor)/\#(number % 5 == 0 ? "refused" : "ok")","enabled_auto_balance_check":\#(number != 24)}"#
                }
                #expect(try await board.call(.post, "/api/channels/", "[\(channels.joined(separator: ","))]").isDone)
                #expect(try await board.call(.get, "/api/channels/update_balance").isDone)
                #expect(asked.withLock { $0.count } == 24)
                let balances = try await board.channels().compactMap { $0["balance"]?.double }
                #expect(balances.count { $0 == 110.5 } == 19)
            }
        }
    }

    @Test("a round of the clock asks for enabled channels of vendors that tell a balance, once for all replicas")
    func rounds() async throws {
        try await AdminBoard.with { board async throws in
            try await withVendor(board) { vendor, asked async throws in
                let wanted = #""base_url":"\#(vendor)/ok","enabled_auto_balance_check":true"#
                let channels = [
                    #"{"type":36,"name":"yes",\#(wanted)}"#, #"{"type":36,"name":"off","status":2,\#(wanted)}"#,
                    #"{"type":16,"name":"zero",\#(wanted)}"#, #"{"type":14,"name":"none",\#(wanted)}"#,
                    #"{"type":36,"name":"unasked","base_url":"\#(vendor)/ok"}"#,
                    #"{"type":36,"name":"bad","base_url":"\#(vendor)/refused","enabled_auto_balance_check":true}"#,
                ]
                #expect(try await board.call(.post, "/api/channels/", "[\(channels.joined(separator: ","))]").isDone)
                _ = try await board.pool.execute("UPDATE registry.channels SET balance = 5")
                let rounds = BalanceRounds(
                    checker: board.balances, rounds: RoundStore(pool: board.pool), isPrepared: { true },
                    loop: board.loops.loops[0], logger: .silent)
                let taken = try await withTaskExecutorPreference(board.loops.loops[0]) {
                    var taken: [Bool] = []
                    for _ in 0..<3 { taken.append(try await rounds.round()) }
                    return taken
                }
                #expect(taken == [true, false, false] && asked.withLock { $0.count } == 2)
                let balances = try await board.channels().map { ($0["name"]?.string ?? "", $0["balance"]?.double) }
                #expect(balances.filter { $0.1 != 5 }.map(\.0) == ["yes"])
            }
        }
    }

    private func channel(_ board: AdminBoard, _ members: String) async throws -> Int {
        let answer = try await board.call(.post, "/api/channel/", "{\(members)}")
        try #require(answer.isDone, "\(answer.text)")
        return try #require(try await board.channels().first?["id"]?.int)
    }

    /// A vendor on a socket, and what it was asked.
    private func withVendor(
        _ board: AdminBoard, _ body: (String, borrowing Mutex<[String]>) async throws -> Void
    ) async throws {
        let asked = Asked()
        let server = HTTPServer(ServerConfiguration(host: "127.0.0.1", port: 0), group: board.loops) {
            request, response in
            let path = request.head.target.rawPath
            asked.list.withLock {
                $0.append("GET \(path) \(request.head.headers.first("authorization") ?? "")")
            }
            let (status, text): (HTTPStatus, String) =
                if path.hasPrefix("/refused") {
                    (.unauthorized, #"{"error":{"message":"bad key sk-secret"}}"#)
                } else if path.hasPrefix("/text") {
                    (.ok, "<html>")
                } else if path.hasSuffix("/subscription") {
                    (.ok, #"{"hard_limit_usd":100.0,"has_payment_method":true}"#)
                } else if path.hasSuffix("/usage") {
                    (.ok, #"{"total_usage":1234.5}"#)
                } else {
                    (.ok, #"{"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"110.50"}]}"#)
                }
            try response.respond(status, ["content-type": "application/json"], Array(text.utf8))
        }
        let address = try await server.start()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body("http://\(address)", asked.list))
        } catch {
            result = .failure(error)
        }
        await server.drain(deadline: .seconds(5))
        try result.get()
    }
}

private final class Asked: Sendable {
    let list = Mutex<[String]>([])
}
