import EventLoop
import Glibc
import Testing

@Suite("Blocking pool", .timeLimit(.minutes(1)))
struct BlockingPoolTests {
    private struct Broken: Error, Equatable {}

    @Test("results and errors come back to the caller")
    func results() async throws {
        let pool = BlockingPool(name: "pool", threads: 2, maxQueued: 10)
        defer { pool.shutdown() }
        #expect(try await pool.run { 6 * 7 } == 42)
        await #expect(throws: Broken.self) { try await pool.run { throw Broken() } }
    }

    @Test("work runs on a thread of the pool, not on the caller's")
    func thread() async throws {
        let pool = BlockingPool(name: "pool", threads: 1, maxQueued: 10)
        defer { pool.shutdown() }
        let first = try await pool.run { UInt(pthread_self()) }
        let second = try await pool.run { UInt(pthread_self()) }
        #expect(first == second)
    }

    @Test("work beyond the bound is refused, and there is room again afterwards")
    func bound() async throws {
        let pool = BlockingPool(name: "pool", threads: 1, maxQueued: 2)
        defer { pool.shutdown() }
        let isBusy = Gate()
        let hold = HeldThread()
        async let busy: Void = pool.run {
            isBusy.open()
            hold.wait()
        }
        await isBusy.pass()
        // The thread is held: of three more, two wait and one is refused, in whatever order they come.
        let outcomes = await withTaskGroup(of: BlockingPoolError?.self) { group in
            let answered = Tally()
            for _ in 0..<3 {
                group.addTask {
                    do {
                        try await pool.run {}
                        return nil
                    } catch {
                        return error as? BlockingPoolError
                    }
                }
            }
            var outcomes: [BlockingPoolError?] = []
            for await outcome in group {
                outcomes.append(outcome)
                if answered.add() == 1 { hold.release() }
            }
            return outcomes
        }
        try await busy
        #expect(outcomes == [.full, nil, nil])
        #expect(try await pool.run { true })
    }

    @Test("shutdown finishes what waits and refuses what comes later")
    func shutdown() async throws {
        let pool = BlockingPool(name: "pool", threads: 1, maxQueued: 100)
        let done = Tally()
        let isBusy = Gate()
        let hold = HeldThread()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await pool.run {
                    isBusy.open()
                    hold.wait()
                    done.add()
                }
            }
            await isBusy.pass()
            hold.release()
            group.addTask { pool.shutdown() }
        }
        #expect(done.count == 1)
        await #expect(throws: BlockingPoolError.closed) { try await pool.run {} }
        pool.shutdown()
    }

    @Test("several threads work at the same time")
    func parallel() async throws {
        let pool = BlockingPool(name: "pool", threads: 2, maxQueued: 10)
        defer { pool.shutdown() }
        // Each waits for the other: with one thread this would never end.
        let (left, right) = (HeldThread(), HeldThread())
        async let first: Void = pool.run {
            left.release()
            right.wait()
        }
        async let second: Void = pool.run {
            right.release()
            left.wait()
        }
        _ = try await (first, second)
    }
}

/// Blocks a thread of a pool until it is released.
private final class HeldThread: Sendable {
    private let ends: (read: Int32, write: Int32)

    init() {
        var ends: [Int32] = [-1, -1]
        let code = unsafe pipe(&ends)
        precondition(code == 0, "pipe failed")
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    func wait() {
        var byte: UInt8 = 0
        unsafe _ = read(ends.read, &byte, 1)
    }

    func release() {
        var byte: UInt8 = 1
        unsafe _ = write(ends.write, &byte, 1)
    }
}
