import Contracts
import Telemetry
import Testing

@testable import Routing

private func channel(_ id: Int, priority: Int = 10) throws -> RoutedChannel {
    let channel = RoutedChannel(
        SnapshotChannel(id: id, type: 1, name: "c\(id)", priority: priority), key: Redacted("k"))
    return try #require(channel)
}

@Suite("Planner")
struct PlannerTests {
    @Test("a single channel is taken outright")
    func single() throws {
        var random = SplitMix64(seed: 1)
        let plan = Planner.order([try channel(1)], standings: [Standing(rate: 1)], limit: 3, using: &random)
        #expect(plan.map(\.channel.id) == [1])
        #expect(plan[0].reason == "only channel")
    }

    @Test("channels are drawn in proportion to priority and errors")
    func proportions() throws {
        var random = SplitMix64(seed: 42)
        let channels = [try channel(1, priority: 30), try channel(2, priority: 10)]
        var first = 0
        for _ in 0..<4000 {
            first +=
                Planner.order(channels, standings: [Standing(rate: 0), Standing(rate: 0)], limit: 1, using: &random)[0]
                    .channel.id == 1 ? 1 : 0
        }
        #expect((2850...3150).contains(first))
        var healthy = 0
        for _ in 0..<4000 {
            healthy +=
                Planner.order(channels, standings: [Standing(rate: 0.5), Standing(rate: 0)], limit: 1, using: &random)[
                    0
                ].channel.id == 2 ? 1 : 0
        }
        // 30 / 0.36 = 83 against 10 / 0.01 = 1000.
        #expect((3600...3800).contains(healthy))
    }

    @Test("no channel comes twice and those with many errors come last")
    func order() throws {
        var random = SplitMix64(seed: 7)
        let channels = try (1...4).map { try channel($0) }
        for _ in 0..<200 {
            let plan = Planner.order(
                channels,
                standings: [Standing(rate: 0.9), Standing(rate: 0), Standing(rate: 0.95), Standing(rate: 0.2)],
                limit: 4, using: &random
            ).map(\.channel.id)
            #expect(Set(plan) == [1, 2, 3, 4])
            #expect(Array(plan.suffix(2)) == [1, 3])
        }
    }

    @Test("the plan is never longer than the limit")
    func limit() throws {
        var random = SplitMix64(seed: 7)
        let channels = try (1...4).map { try channel($0) }
        #expect(
            Planner.order(
                channels, standings: [Standing(rate: 0), Standing(rate: 0), Standing(rate: 0), Standing(rate: 0)],
                limit: 2, using: &random
            ).count == 2)
        #expect(Planner.order([], limit: 2, using: &random).isEmpty)
    }

    @Test("channels of negative priority are drawn only among themselves")
    func weightless() throws {
        var random = SplitMix64(seed: 3)
        let none = [try channel(1, priority: -1), try channel(2, priority: -5)]
        let ids = (0..<50).map { _ in
            Planner.order(none, standings: [Standing(rate: 0), Standing(rate: 0)], limit: 1, using: &random)[0].channel
                .id
        }
        #expect(Set(ids) == [1, 2])
        let mixed = [try channel(1, priority: -1), try channel(2, priority: 1)]
        for _ in 0..<50 {
            #expect(
                Planner.order(mixed, standings: [Standing(rate: 0), Standing(rate: 0)], limit: 1, using: &random)[0]
                    .channel.id == 2)
        }
    }
}

extension PlannerTests {
    @Test("a banned channel is left out while another is there")
    func banned() throws {
        var random = SplitMix64(seed: 9)
        let channels = try (1...3).map { try channel($0) }
        let standings = [Standing(state: .banned), Standing(rate: 0.9), Standing()]
        for _ in 0..<50 {
            let plan = Planner.order(channels, standings: standings, limit: 3, using: &random)
            #expect(plan.map(\.channel.id) == [3, 2])
            #expect(plan[1].reason == "last resort, 90% errors")
        }
    }

    @Test("when all are banned they are tried, those with the fewest errors first, and the reason says so")
    func allBanned() throws {
        var random = SplitMix64(seed: 9)
        let channels = try (1...3).map { try channel($0) }
        let standings = [0.5, 0.1, 0.9].map { Standing(rate: $0, state: .banned) }
        let plan = Planner.order(channels, standings: standings, limit: 2, using: &random)
        #expect(plan.map(\.channel.id) == [2, 1])
        #expect(plan.allSatisfy { $0.reason == "banned" && !$0.isTrial })
        let single = Planner.order([channels[0]], standings: [Standing(state: .banned)], limit: 2, using: &random)
        #expect(single.map(\.reason) == ["banned"])
    }

    @Test("a channel whose ban is over is drawn like another, as a trial")
    func trial() throws {
        var random = SplitMix64(seed: 9)
        let channels = try (1...2).map { try channel($0) }
        var firsts: Set<Int> = []
        for _ in 0..<50 {
            let plan = Planner.order(
                channels, standings: [Standing(state: .onTrial), Standing()], limit: 2, using: &random)
            firsts.insert(plan[0].channel.id)
            for attempt in plan { #expect(attempt.isTrial == (attempt.channel.id == 1)) }
        }
        #expect(firsts == [1, 2])
        let single = Planner.order([channels[0]], standings: [Standing(state: .onTrial)], limit: 1, using: &random)
        #expect(single[0].isTrial)
    }
}

@Suite("Error window")
struct ErrorWindowTests {
    @Test("nothing is said below ten requests")
    func minimum() {
        var window = ErrorWindow()
        for _ in 0..<9 { window.record(isError: true, atSecond: 1000) }
        #expect(window.rate(atSecond: 1000) == 0)
        window.record(isError: false, atSecond: 1000)
        #expect(window.rate(atSecond: 1000) == 0.9)
    }

    @Test("counts are forgotten after two minutes")
    func expiry() {
        var window = ErrorWindow()
        for _ in 0..<20 { window.record(isError: true, atSecond: 1000) }
        #expect(window.rate(atSecond: 1110) == 1)
        #expect(window.rate(atSecond: 1120) == 0)
        for _ in 0..<20 { window.record(isError: false, atSecond: 1120) }
        #expect(window.rate(atSecond: 1120) == 0)
    }
}

@Suite("Retry policy")
struct RetryPolicyTests {
    private func step(
        _ failures: [(Int, FailureClass, Duration?)], planned: Int, retries: Int = 3
    ) -> RetryPolicy.Step {
        var history = RetryPolicy.History()
        for (place, failure, after) in failures { history.add(place: place, failure, retryAfter: after) }
        return RetryPolicy(maxRetries: retries).step(after: history, planned: planned, jitter: 0.5)
    }

    @Test("a fault of the caller is not retried")
    func caller() {
        #expect(step([(0, .caller, nil)], planned: 3) == .stop)
    }

    @Test("the next channel of the plan is tried at once")
    func next() {
        #expect(step([(0, .fault, nil)], planned: 3) == .retry(place: 1, after: .zero))
        #expect(
            step([(0, .busy, .seconds(60)), (1, .noPermission, nil)], planned: 3) == .retry(place: 2, after: .zero))
    }

    @Test("the budget ends the attempts")
    func budget() {
        #expect(step([(0, .fault, nil)], planned: 3, retries: 0) == .stop)
        #expect(step([(0, .fault, nil), (1, .fault, nil)], planned: 3, retries: 1) == .stop)
    }

    @Test("a used-up plan starts again with the first channel that may serve")
    func again() {
        #expect(step([(0, .noPermission, nil), (1, .fault, nil)], planned: 2) == .retry(place: 1, after: .zero))
        #expect(step([(0, .noPermission, nil)], planned: 1) == .stop)
    }

    @Test("a busy channel is asked again after a pause that grows, and after its Retry-After")
    func pause() {
        #expect(step([(0, .busy, nil)], planned: 1) == .retry(place: 0, after: .milliseconds(1500)))
        #expect(step([(0, .busy, nil), (0, .busy, nil)], planned: 1) == .retry(place: 0, after: .milliseconds(2500)))
        #expect(step([(0, .busy, .seconds(4))], planned: 1) == .retry(place: 0, after: .seconds(4)))
        #expect(step([(0, .busy, .seconds(6))], planned: 1) == .stop)
    }

    @Test(
        "statuses fall into their classes",
        arguments: [
            (400, FailureClass.caller), (413, .caller), (422, .caller), (451, .caller), (401, .noPermission),
            (402, .noPermission), (403, .noPermission), (404, .noPermission), (429, .busy), (503, .busy), (500, .fault),
            (302, .fault), (408, .fault),
        ])
    func classes(status: Int, expected: FailureClass) {
        #expect(FailureClass(status: status) == expected)
    }
}
