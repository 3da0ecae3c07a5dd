import EventLoop
import Testing

@testable import Postgres

@Suite("Pool machine")
struct PoolMachineTests {
    typealias Waiter = PoolMachine.WaiterID
    typealias Connection = PoolMachine.ConnectionID

    private func pool(_ connections: Int = 2, waiters: Int = 3, loops: Int = 1) -> PoolMachine {
        PoolMachine(
            limits: .init(
                maxConnections: connections, maxWaiters: waiters, waitTimeout: .seconds(5), idleTimeout: .seconds(60),
                backoff: Backoff(range: .milliseconds(100) ... .seconds(5))),
            loopCount: loops, seed: 1)
    }

    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: UInt64(seconds * 1e9)) }
    private func waiter(_ number: UInt64) -> Waiter { Waiter(number: number) }
    private func connection(_ number: UInt64) -> Connection { Connection(number: number) }

    @Test("connections are opened on demand up to the bound and handed out first come, first served")
    func demand() {
        var machine = pool()
        #expect(machine.acquire(waiter(1), at: at(0)) == [.open(connection(0))])
        #expect(machine.acquire(waiter(2), at: at(0)) == [.open(connection(1))])
        #expect(machine.acquire(waiter(3), at: at(0)) == [])
        #expect(machine.connected(connection(1), at: at(1)) == [.lease(connection(1), to: waiter(1))])
        #expect(machine.release(connection(1), isUsable: true, at: at(2)) == [.lease(connection(1), to: waiter(2))])
        #expect(machine.connected(connection(0), at: at(2)) == [.lease(connection(0), to: waiter(3))])
        #expect(machine.release(connection(0), isUsable: true, at: at(3)) == [])
        #expect(machine.acquire(waiter(4), at: at(3)) == [.lease(connection(0), to: waiter(4))])
        #expect(machine.total == 2)
    }

    @Test("a free connection of the caller's loop is preferred")
    func loops() {
        var machine = pool(4, waiters: 4, loops: 2)
        for number in 0..<4 as Range<UInt64> {
            _ = machine.acquire(waiter(number), at: at(0))
            #expect(machine.connecting == Int(number) + 1)
        }
        for number in 0..<4 as Range<UInt64> { _ = machine.connected(connection(number), at: at(0)) }
        for number in 0..<4 as Range<UInt64> { _ = machine.release(connection(number), isUsable: true, at: at(1)) }
        #expect(machine.leaseIdle(preferring: 0) == connection(2))
        #expect(machine.leaseIdle(preferring: 0) == connection(0))
        #expect(machine.leaseIdle(preferring: 0) == connection(3))
        #expect(machine.leaseIdle(preferring: nil) == connection(1))
        #expect(machine.leaseIdle(preferring: nil) == nil)
    }

    @Test("waiting callers are bounded and time out in order")
    func waiting() {
        var machine = pool(1)
        _ = machine.acquire(waiter(0), at: at(0))
        _ = machine.connected(connection(0), at: at(0))
        for number in 1...3 as ClosedRange<UInt64> { #expect(machine.acquire(waiter(number), at: at(1)) == []) }
        #expect(machine.acquire(waiter(4), at: at(1)) == [.refuse(waiter(4), .queueFull)])
        #expect(machine.nextWake == at(6))
        #expect(machine.abandon(waiter(2)) == [.refuse(waiter(2), .cancelled)])
        #expect(machine.abandon(waiter(2)) == [])
        #expect(machine.tick(at: at(5.9)) == [])
        #expect(machine.tick(at: at(6)) == [.refuse(waiter(1), .timedOut), .refuse(waiter(3), .timedOut)])
    }

    @Test("in a young outage callers wait, in an old one they fail at once, and attempts go on")
    func outage() {
        var machine = pool()
        #expect(machine.acquire(waiter(1), at: at(0)) == [.open(connection(0))])
        #expect(machine.connectFailed(connection(0), at: at(0)) == [])
        #expect(machine.downSince == at(0))
        #expect(machine.acquire(waiter(2), at: at(0.01)) == [])
        let retry = machine.nextWake
        #expect(retry.map { $0 >= at(0.05) && $0 <= at(0.1) } == true)
        #expect(machine.tick(at: at(0.1)) == [.open(connection(1))])
        #expect(machine.acquire(waiter(3), at: at(1)) == [], "one attempt at a time")
        #expect(machine.tick(at: at(5.01)) == [.refuse(waiter(1), .unavailable), .refuse(waiter(2), .unavailable)])
        #expect(machine.acquire(waiter(4), at: at(5.02)) == [.refuse(waiter(4), .unavailable)])
        _ = machine.connectFailed(connection(1), at: at(6))
        _ = machine.tick(at: at(6))
        #expect(machine.nextWake != nil, "the pool asks again although nobody waits")
        #expect(machine.tick(at: at(20)) == [.open(connection(2))])
        #expect(machine.connected(connection(2), at: at(20)) == [])
        #expect(machine.downSince == nil)
        #expect(machine.acquire(waiter(5), at: at(20)) == [.lease(connection(2), to: waiter(5))])
    }

    @Test("a failed attempt beside live connections is no outage")
    func partial() {
        var machine = pool()
        _ = machine.acquire(waiter(1), at: at(0))
        _ = machine.connected(connection(0), at: at(0))
        _ = machine.acquire(waiter(2), at: at(0))
        _ = machine.connectFailed(connection(1), at: at(0))
        #expect(machine.downSince == nil)
        #expect(machine.tick(at: at(5)) == [.refuse(waiter(2), .timedOut)])
    }

    @Test("after a success the whole queue gets connections")
    func recovery() {
        var machine = pool(3)
        _ = machine.acquire(waiter(1), at: at(0))
        _ = machine.connectFailed(connection(0), at: at(0))
        _ = machine.acquire(waiter(2), at: at(0))
        _ = machine.acquire(waiter(3), at: at(0))
        #expect(machine.tick(at: at(1)) == [.open(connection(1))])
        #expect(
            machine.connected(connection(1), at: at(1)) == [
                .lease(connection(1), to: waiter(1)), .open(connection(2)), .open(connection(3)),
            ])
    }

    @Test("a dead connection frees its place, whoever had it, and its later return is nothing")
    func death() {
        var machine = pool(1)
        _ = machine.acquire(waiter(1), at: at(0))
        _ = machine.connected(connection(0), at: at(0))
        _ = machine.acquire(waiter(2), at: at(0))
        #expect(machine.died(connection(0), at: at(1)) == [.open(connection(1))])
        #expect(machine.release(connection(0), isUsable: false, at: at(1)) == [])
        #expect(machine.connected(connection(1), at: at(1)) == [.lease(connection(1), to: waiter(2))])
        #expect(machine.release(connection(1), isUsable: true, at: at(1)) == [])
        #expect(machine.died(connection(1), at: at(2)) == [])
        #expect(machine.total == 0)
        #expect(machine.died(connection(1), at: at(2)) == [])
    }

    @Test("a connection that is given back broken is closed and replaced for who waits")
    func broken() {
        var machine = pool(1)
        _ = machine.acquire(waiter(1), at: at(0))
        _ = machine.connected(connection(0), at: at(0))
        _ = machine.acquire(waiter(2), at: at(0))
        #expect(
            machine.release(connection(0), isUsable: false, at: at(1)) == [.close(connection(0)), .open(connection(1))])
    }

    @Test("connections that idle too long are closed, the oldest first")
    func idling() {
        var machine = pool()
        for number in 1...2 as ClosedRange<UInt64> { _ = machine.acquire(waiter(number), at: at(0)) }
        _ = machine.connected(connection(0), at: at(0))
        _ = machine.connected(connection(1), at: at(0))
        _ = machine.release(connection(1), isUsable: true, at: at(1))
        _ = machine.release(connection(0), isUsable: true, at: at(2))
        #expect(machine.nextWake == at(61))
        #expect(machine.tick(at: at(61)) == [.close(connection(1))])
        #expect(machine.tick(at: at(62)) == [.close(connection(0))])
        #expect(machine.nextWake == nil)
    }

    @Test("shutting down refuses who waits, closes what is free and waits for what is leased")
    func shutDown() {
        var machine = pool(2)
        _ = machine.acquire(waiter(1), at: at(0))
        _ = machine.connected(connection(0), at: at(0))
        _ = machine.acquire(waiter(2), at: at(0))
        #expect(machine.shutDown() == [.refuse(waiter(2), .shutDown), .close(connection(1))])
        #expect(machine.connected(connection(1), at: at(1)) == [])
        #expect(machine.acquire(waiter(3), at: at(1)) == [.refuse(waiter(3), .shutDown)])
        #expect(machine.release(connection(0), isUsable: true, at: at(2)) == [.close(connection(0)), .drained])
        #expect(machine.shutDown() == [])
        var empty = pool()
        #expect(empty.shutDown() == [.drained])
    }

    @Test("past the deadline leased connections are cut off")
    func cutOff() {
        var machine = pool(1)
        _ = machine.acquire(waiter(1), at: at(0))
        _ = machine.connected(connection(0), at: at(0))
        _ = machine.shutDown()
        #expect(machine.cutOff() == [.close(connection(0)), .drained])
        #expect(machine.cutOff() == [])
        #expect(machine.release(connection(0), isUsable: true, at: at(1)) == [])
    }

    @Test("the backoff doubles to its end and its random part stays within half")
    func backoff() {
        let backoff = Backoff(range: .milliseconds(100) ... .seconds(5))
        var generator = SeededGenerator(seed: 3)
        for (failures, whole) in [(1, 100), (2, 200), (3, 400), (6, 3200), (7, 5000), (1000, 5000)] {
            for _ in 0..<50 {
                let delay = backoff.delay(afterFailures: failures, using: &generator)
                #expect(delay >= .milliseconds(whole / 2) && delay <= .milliseconds(whole))
            }
        }
    }
}
