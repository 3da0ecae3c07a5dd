import EventLoop
import TestSupport
import Testing

@testable import Postgres

/// Carries out the machine's actions and refuses those that make no sense.
private struct PoolInterpreter {
    let maxConnections = 4
    let maxWaiters = 6
    var machine: PoolMachine
    var now = MonotonicTime(nanoseconds: 0)
    var connecting: Set<PoolMachine.ConnectionID> = []
    var free: Set<PoolMachine.ConnectionID> = []
    var leased: Set<PoolMachine.ConnectionID> = []
    var waiting: [(id: PoolMachine.WaiterID, since: MonotonicTime)] = []
    var served = 0
    var drained = 0
    var nextWaiter: UInt64 = 0
    var faults: [String] = []

    init(seed: UInt64) {
        machine = PoolMachine(
            limits: .init(
                maxConnections: maxConnections, maxWaiters: maxWaiters, waitTimeout: .seconds(5),
                idleTimeout: .seconds(30), backoff: Backoff(range: .milliseconds(100) ... .seconds(5))),
            loopCount: 2, seed: seed)
    }

    mutating func check(_ condition: Bool, _ fault: String) {
        if !condition { faults.append(fault) }
    }

    mutating func carryOut(_ actions: [PoolMachine.Action]) {
        for action in actions {
            switch action {
            case .open(let id):
                check(connecting.isDisjoint(with: [id]) && !free.contains(id) && !leased.contains(id), "opened twice")
                connecting.insert(id)
            case .close(let id):
                let known = [connecting.remove(id), free.remove(id), leased.remove(id)].compactMap(\.self)
                check(known.count == 1, "closed what is not there")
            case .lease(let id, let waiter):
                check(waiting.first?.id == waiter, "not first come, first served")
                waiting.removeAll { $0.id == waiter }
                check(!leased.contains(id), "leased twice")
                connecting.remove(id)
                free.remove(id)
                leased.insert(id)
                served += 1
            case .refuse(let waiter, let refusal):
                let place = waiting.firstIndex { $0.id == waiter }
                check(place != nil, "refused someone unknown")
                if let place {
                    let (_, since) = waiting.remove(at: place)
                    if refusal == .timedOut {
                        check(since.advanced(by: .seconds(5)) <= now, "timed out too early")
                    }
                }
            case .drained: drained += 1
            }
        }
        let total = connecting.count + free.count + leased.count
        check(total <= maxConnections, "too many connections")
        check(waiting.count <= maxWaiters, "too many waiters")
        check(waiting.isEmpty || free.isEmpty, "someone waits while a connection is free")
        check(total == machine.total && free.count == machine.idleCount, "counts differ")
        check(leased.count == machine.leased && waiting.count == machine.waiting, "counts differ")
        check(waiting.isEmpty || machine.nextWake != nil, "someone waits and nobody will look")
    }
}

@Suite("Pool machine, random walks")
struct PoolWalkTests {
    @Test("no order of events breaks the pool's rules", arguments: 0..<200 as Range<UInt64>)
    func walk(seed: UInt64) {
        var random = TestSupport.SeededGenerator(seed: seed)
        var world = PoolInterpreter(seed: seed)
        for _ in 0..<400 { step(&world, &random) }
        // Then everything comes back: nobody may be left waiting and nothing open.
        world.carryOut(world.machine.shutDown())
        for id in world.leased {
            let actions = world.machine.release(id, isUsable: true, at: world.now)
            world.carryOut(actions)
        }
        #expect(world.faults == [])
        #expect(world.waiting.isEmpty && world.connecting.isEmpty && world.leased.isEmpty)
        #expect(world.machine.total == 0 && world.drained == 1)
    }

    private func step(_ world: inout PoolInterpreter, _ random: inout TestSupport.SeededGenerator) {
        let now = world.now
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2:
            world.nextWaiter += 1
            let id = PoolMachine.WaiterID(number: world.nextWaiter)
            world.waiting.append((id, now))
            let before = world.machine.idleCount
            let actions = world.machine.acquire(id, preferring: Int.random(in: 0..<2, using: &random), at: now)
            if before > 0 { world.check(actions.count == 1, "a free connection was not given") }
            guard case .refuse(_, .queueFull)? = actions.first else {
                return world.carryOut(actions)
            }
            world.waiting.removeAll { $0.id == id }
        case 3, 4:
            guard let id = world.leased.sorted().randomElement(using: &random) else { return }
            let isUsable = Int.random(in: 0..<5, using: &random) > 0
            world.leased.remove(id)
            world.free.insert(id)
            let actions = world.machine.release(id, isUsable: isUsable, at: now)
            world.carryOut(actions)
        case 5:
            guard let id = world.connecting.sorted().randomElement(using: &random) else { return }
            world.connecting.remove(id)
            world.free.insert(id)
            let actions = world.machine.connected(id, at: now)
            world.carryOut(actions)
        case 6:
            guard let id = world.connecting.sorted().randomElement(using: &random) else { return }
            world.connecting.remove(id)
            let actions = world.machine.connectFailed(id, at: now)
            world.carryOut(actions)
        case 7:
            guard let id = world.free.union(world.leased).sorted().randomElement(using: &random) else { return }
            world.free.remove(id)
            world.leased.remove(id)
            let actions = world.machine.died(id, at: now)
            world.carryOut(actions)
        case 8:
            guard let waiter = world.waiting.randomElement(using: &random) else { return }
            let actions = world.machine.abandon(waiter.id)
            world.carryOut(actions)
        default:
            world.now = now.advanced(by: .milliseconds(Int.random(in: 1...4000, using: &random)))
            let actions = world.machine.tick(at: world.now)
            world.carryOut(actions)
        }
    }
}
