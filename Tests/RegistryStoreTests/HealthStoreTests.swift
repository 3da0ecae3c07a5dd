import Contracts
import Postgres
import RegistryStore
import Testing

@Suite("Health of channels in PostgreSQL")
struct HealthStoreTests {
    private static func counts(
        _ channel: Int = 1, _ model: String = "m", age: Int = 1, calls: Int = 10, errors: Int = 0
    ) -> HealthCounts {
        HealthCounts(
            channel: channel, model: model, age: age, calls: calls, tokens: calls * 100, requests: calls,
            errors: errors)
    }

    private func with(_ body: (HealthStore, Stores) async throws -> Void) async throws {
        try await Stores.with { stores in
            try await stores.channels.create([Stores.new("one", models: ["m"]), Stores.new("two", models: ["m"])])
            try await body(HealthStore(pool: stores.pool), stores)
        }
    }

    @Test("reports of gateways add up; one that comes twice is counted once")
    func sums() async throws {
        try await with { health, _ in
            let report = HealthReport(instance: "a", sequence: 1, attempts: [Self.counts(errors: 2)])
            _ = try await health.take(report)
            _ = try await health.take(report)
            let view = try await health.take(
                HealthReport(
                    instance: "b", sequence: 1, attempts: [Self.counts(calls: 5, errors: 5), Self.counts(age: 30)]))
            #expect(view.others == [HealthView.Others(channel: 1, model: "m", requests: 10, errors: 2)])
            let rows = try await health.channels()
            #expect(rows.map(\.requests) == [25] && rows.map(\.errors) == [7])
            #expect(rows[0].rate.rpm == 25 && rows[0].rate.tpm == 2500)
            let next = try await health.take(
                HealthReport(instance: "a", sequence: 2, attempts: [Self.counts(errors: 1)]))
            #expect(next.others == [HealthView.Others(channel: 1, model: "m", requests: 15, errors: 5)])
            #expect(try await health.channels().map(\.errors) == [8])
        }
    }

    @Test("the last minute and the last second are told apart, and nothing is older than two minutes")
    func ages() async throws {
        try await with { health, _ in
            _ = try await health.take(
                HealthReport(
                    instance: "a", sequence: 1,
                    attempts: [
                        Self.counts(1, age: 3, calls: 1), Self.counts(1, age: 40, calls: 2),
                        Self.counts(1, age: 80, calls: 4), Self.counts(1, age: 120, calls: 8),
                        Self.counts(1, age: 9_999, calls: 16), Self.counts(1, age: -5, calls: 32),
                    ]))
            let row = try #require(try await health.channels().first)
            #expect(row.rate.rpm == 3 && row.rate.tpm == 300)
            #expect(row.requests == 7)
            // The second may have changed between the report and the question.
            #expect([0, 1].contains(row.rate.rps))
        }
    }

    @Test("what is old is deleted by the reports")
    func pruning() async throws {
        try await with { health, stores in
            try await stores.pool.execute(
                "INSERT INTO registry.health_slices SELECT n, 'old', 1, 'm', 1, 1 FROM generate_series(1, 100) AS n")
            try await stores.pool.execute(
                "INSERT INTO registry.health_callers SELECT n, 'old', 'g', 't', 'm', 1, 1 FROM generate_series(1, 9) AS n"
            )
            for sequence in 1...5 {
                _ = try await health.take(
                    HealthReport(instance: "a", sequence: Int64(sequence), attempts: [Self.counts()]))
            }
            let left = try await stores.pool.query(
                """
                SELECT (SELECT count(*) FROM registry.health_slices WHERE instance = 'old')
                    + (SELECT count(*) FROM registry.health_callers) AS rows
                """)
            #expect(try left[0].decode("rows", as: Int.self) == 0)
            #expect(try await health.channels().map(\.requests) == [50])
        }
    }

    @Test("a ban holds for every gateway, is not made longer while it holds, and stays to be tried after its end")
    func bans() async throws {
        try await with { health, stores in
            func ban(_ seconds: Int, _ reason: HealthBan.Reason = .errorRate) -> [HealthBan] {
                [HealthBan(channel: 1, model: "m", reason: reason, seconds: seconds)]
            }
            _ = try await health.take(HealthReport(instance: "a", sequence: 1, banned: ban(100)))
            let other = try await health.take(HealthReport(instance: "b", sequence: 1, banned: ban(300)))
            #expect((98...100).contains(try #require(other.bans.first).seconds))
            #expect(try await health.channels().map(\.isBanned) == [true])
            try await stores.pool.execute("UPDATE registry.health_bans SET ends_at = now() - interval '5 seconds'")
            let after = try await health.take(HealthReport(instance: "b", sequence: 1))
            #expect((-7 ... -5).contains(try #require(after.bans.first).seconds))
            #expect(try await health.channels().isEmpty)
            let renewed = try await health.take(
                HealthReport(instance: "b", sequence: 2, banned: ban(300, .failedAgain)))
            #expect(renewed.bans.map(\.reason) == [.failedAgain] && renewed.bans[0].seconds >= 298)
        }
    }

    @Test("a lift ends the ban everywhere and takes the errors with it")
    func lift() async throws {
        try await with { health, _ in
            let pair = HealthPair(channel: 1, model: "m")
            let start = try await health.take(
                HealthReport(
                    instance: "a", sequence: 1, attempts: [Self.counts(errors: 10)],
                    banned: [HealthBan(channel: 1, model: "m", reason: .errorRate, seconds: 300)]))
            _ = try await health.take(HealthReport(instance: "b", sequence: 1, lifted: [pair]))
            let view = try await health.take(
                HealthReport(instance: "a", sequence: 1, clearsAfter: start.clearsAfter))
            #expect(view.bans.isEmpty && view.clears == [HealthView.Clear(channel: 1, model: "m")])
            #expect(try await health.channels().map(\.errors) == [0])
        }
    }

    @Test("clear commands reach each gateway, and counts from before a command do not come back with a late report")
    func clears() async throws {
        try await with { health, _ in
            let attempts = [Self.counts(1, errors: 10), Self.counts(2, errors: 10)]
            let banned = [1, 2].map { HealthBan(channel: $0, model: "m", reason: .errorRate, seconds: 300) }
            let start = try await health.take(
                HealthReport(instance: "a", sequence: 1, attempts: attempts, banned: banned))
            try await health.clear(channel: 1)
            #expect(try await health.channels().map(\.errors) == [0, 10])
            #expect(try await health.channels().map(\.isBanned) == [false, true])
            let late = try await health.take(
                HealthReport(
                    instance: "a", sequence: 2, clearsAfter: start.clearsAfter, attempts: attempts, banned: banned))
            #expect(late.clears == [HealthView.Clear(channel: 1)] && late.clearsAfter > start.clearsAfter)
            #expect(late.bans.map(\.channel) == [2])
            #expect(try await health.channels().map(\.errors) == [0, 20])
            let next = try await health.take(
                HealthReport(instance: "a", sequence: 3, clearsAfter: late.clearsAfter, attempts: attempts))
            #expect(next.clears.isEmpty)
            #expect(try await health.channels().map(\.errors) == [10, 30])
            try await health.clear()
            #expect(try await health.channels().map(\.errors) == [0, 0])
            #expect(try await health.channels().map(\.rate.rpm) == [30, 30], "traffic is no matter of health")
        }
    }

    @Test(
        "a change of a channel, of its status and its deletion forget what was learnt of it, without a revision of their own"
    )
    func changes() async throws {
        try await with { health, stores in
            func learn(_ sequence: Int64) async throws {
                _ = try await health.take(
                    HealthReport(
                        instance: "a", sequence: sequence, attempts: [Self.counts(errors: 10)],
                        banned: [HealthBan(channel: 1, model: "m", reason: .errorRate, seconds: 300)]))
                #expect(try await health.channels().first?.isBanned == true)
            }
            let before = try await stores.revision()
            try await learn(1)
            #expect(try await stores.revision() == before)
            var change = ChannelChange()
            change.name = "renamed"
            _ = try await stores.channels.update(1, change)
            #expect(try await health.channels().allSatisfy { !$0.isBanned && $0.errors == 0 })
            try await learn(2)
            try await stores.channels.setStatus(1, 2)
            #expect(try await health.channels().allSatisfy { !$0.isBanned && $0.errors == 0 })
            try await learn(3)
            try await stores.channels.delete(1)
            #expect(try await health.channels().isEmpty)
            #expect(try await stores.revision() == before + 3)
        }
    }

    @Test("calls of groups are put together as asked, whatever stands in their names")
    func callers() async throws {
        try await with { health, _ in
            func row(_ group: String, _ token: String, _ model: String, _ calls: Int) -> CallerCounts {
                CallerCounts(group: group, token: token, model: model, age: 1, calls: calls, tokens: calls * 10)
            }
            let report = HealthReport(
                instance: "a", sequence: 1,
                callers: [
                    row("fastgpt:1", "t:1", "qwen3:8b", 1), row("fastgpt:1", "t:1", "m", 2),
                    row("fastgpt:1", "u", "m", 4), row("fastgpt", "1", "m", 8),
                ])
            _ = try await health.take(report)
            _ = try await health.take(report)
            let groups = try await health.callers(by: [.group], of: ["fastgpt:1", "fastgpt", "nobody"])
            #expect(groups.map(\.group) == ["fastgpt", "fastgpt:1"] && groups.map(\.rate.rpm) == [8, 7])
            let tokens = try await health.callers(by: [.token], of: ["fastgpt:1"])
            #expect(tokens.map(\.token) == ["t:1", "u"] && tokens.map(\.rate.tpm) == [30, 40])
            let models = try await health.callers(by: [.model], of: ["fastgpt:1"])
            #expect(models.map(\.model) == ["m", "qwen3:8b"] && models.map(\.rate.rpm) == [6, 1])
            let named = try await health.callers(
                by: [.group, .token], of: ["fastgpt:1", "fastgpt"], tokens: [CallerToken(group: "fastgpt:1", name: "u")]
            )
            #expect(named.map(\.token) == ["u"] && named.map(\.rate.rpm) == [4])
        }
    }
}
