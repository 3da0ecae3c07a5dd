import Contracts
import Testing

@testable import Routing

@Suite("Health of a model on a channel")
struct PairHealthTests {
    private static let bansOnPermission = PairHealth.Policy(bansOnNoPermission: true)
    private static let bansOnHalf = PairHealth.Policy(maxErrorRate: 0.5)

    private func record(
        _ health: inout PairHealth, _ outcome: AttemptHealth, _ policy: PairHealth.Policy = PairHealth.Policy(),
        at now: UInt64 = 1000, othersCount: Bool = true
    ) -> HealthEvent? {
        health.record(outcome, policy: policy, othersCount: othersCount, banSeconds: 300, atSecond: now)
    }

    private func state(_ health: PairHealth, at now: UInt64) -> Standing.State {
        health.standing(atSecond: now, othersCount: true).state
    }

    @Test("by default nothing is ever banned")
    func noBan() {
        var health = PairHealth()
        for _ in 0..<100 { #expect(record(&health, .noPermission) == nil) }
        #expect(state(health, at: 1000) == .usable)
    }

    @Test("one lack of permission is enough where the channel says so, another error is not")
    func permission() {
        var health = PairHealth()
        #expect(record(&health, .error, Self.bansOnPermission) == nil)
        #expect(
            record(&health, .noPermission, Self.bansOnPermission) == .banned(.noPermission, seconds: 300, rate: 0))
        #expect(state(health, at: 1299) == .banned)
    }

    @Test("the error rate bans from the tenth attempt on, at the limit itself")
    func errorRate() {
        var health = PairHealth()
        for number in 1...9 {
            #expect(record(&health, number.isMultiple(of: 2) ? .success : .error, Self.bansOnHalf) == nil)
        }
        #expect(record(&health, .error, Self.bansOnHalf) == .banned(.errorRate, seconds: 300, rate: 0.6))
        var even = PairHealth()
        for _ in 0..<5 { _ = record(&even, .success, Self.bansOnHalf) }
        for _ in 0..<4 { #expect(record(&even, .error, Self.bansOnHalf) == nil) }
        #expect(record(&even, .error, Self.bansOnHalf) == .banned(.errorRate, seconds: 300, rate: 0.5))
    }

    @Test("what says nothing of the channel is not counted")
    func neutral() {
        var health = PairHealth()
        for _ in 0..<20 { #expect(record(&health, .neutral, Self.bansOnHalf) == nil) }
        #expect(health.window.sum(atSecond: 1000) == ErrorWindow.Sum())
    }

    @Test("what other gateways saw counts, as long as it is fresh")
    func others() {
        for isFresh in [true, false] {
            var health = PairHealth()
            health.others = ErrorWindow.Sum(requests: 9, errors: 9)
            let event = record(&health, .error, Self.bansOnHalf, othersCount: isFresh)
            #expect(event == (isFresh ? .banned(.errorRate, seconds: 300, rate: 1) : nil))
        }
        var diluted = PairHealth()
        diluted.others = ErrorWindow.Sum(requests: 90, errors: 0)
        for _ in 0..<10 { #expect(record(&diluted, .error, Self.bansOnHalf) == nil) }
        #expect(diluted.standing(atSecond: 1000, othersCount: true).rate == 0.1)
        #expect(diluted.standing(atSecond: 1000, othersCount: false).rate == 1)
    }

    @Test("a ban in force is neither extended nor lifted by calls that began before it")
    func inForce() {
        var health = PairHealth()
        _ = record(&health, .noPermission, Self.bansOnPermission, at: 1000)
        #expect(record(&health, .noPermission, Self.bansOnPermission, at: 1200) == nil)
        #expect(record(&health, .success, Self.bansOnPermission, at: 1200) == nil)
        #expect(state(health, at: 1299) == .banned)
        #expect(state(health, at: 1300) == .onTrial)
    }

    @Test("after the ban one call at a time tries; what has not ended after a minute holds nobody up")
    func oneTrial() {
        var health = PairHealth()
        _ = record(&health, .noPermission, Self.bansOnPermission, at: 1000)
        health.ban?.trialSince = 1300
        #expect(state(health, at: 1300) == .banned)
        #expect(state(health, at: 1359) == .banned)
        #expect(state(health, at: 1360) == .onTrial)
        health.ban?.trialSince = 1360
        #expect(record(&health, .neutral, Self.bansOnPermission, at: 1361) == nil)
        #expect(state(health, at: 1361) == .onTrial, "a call that said nothing leaves the trial to the next")
    }

    @Test("a success after the ban lifts it and clears the window; a failure of any kind renews it")
    func afterwards() {
        var health = PairHealth()
        for _ in 0..<10 { _ = record(&health, .error, Self.bansOnHalf, at: 1000) }
        for _ in 0..<30 { _ = record(&health, .error, Self.bansOnHalf, at: 1250) }
        var renewed = health
        #expect(record(&renewed, .error, Self.bansOnHalf, at: 1301) == .banned(.failedAgain, seconds: 300, rate: 0))
        #expect(state(renewed, at: 1600) == .banned)
        #expect(state(renewed, at: 1601) == .onTrial)
        #expect(record(&health, .success, Self.bansOnHalf, at: 1301) == .lifted)
        #expect(health.standing(atSecond: 1301, othersCount: true) == Standing())
        #expect(record(&health, .error, Self.bansOnHalf, at: 1302) == nil, "one error after a lift is one of one")
    }

    @Test("a high error rate is told once in fifteen minutes")
    func warning() {
        var health = PairHealth()
        let policy = PairHealth.Policy(warnErrorRate: 0.5)
        for _ in 0..<9 { #expect(record(&health, .error, policy, at: 1000) == nil) }
        #expect(record(&health, .error, policy, at: 1000) == .warned(rate: 1))
        #expect(record(&health, .error, policy, at: 1100) == nil)
        for _ in 0..<9 { #expect(record(&health, .error, policy, at: 1899) == nil) }
        #expect(record(&health, .error, policy, at: 1900) == .warned(rate: 1))
    }
}
