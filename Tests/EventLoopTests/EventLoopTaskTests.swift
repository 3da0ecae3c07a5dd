import EventLoop
import Glibc
import TestSupport
import Testing

@Suite("Event loop: tasks and queued work", .timeLimit(.minutes(1)))
struct EventLoopTaskTests {
    private actor Counter {
        private(set) var value = 0
        func add() -> Bool {
            value += 1
            return EventLoop.current != nil
        }
    }

    @Test("every step of a task stays on the loop, whoever resumes it")
    func steps() async throws {
        try await withLoop { loop in
            let pool = BlockingPool(name: "resumer", threads: 1, maxQueued: 1_000)
            let strays = try await loop.run {
                var strays: [String] = []
                func check(_ place: String) { if EventLoop.current !== loop { strays.append(place) } }
                let counter = Counter()
                for _ in 0..<100 {
                    check("start")
                    try await pool.run {}
                    check("after another thread resumed")
                    unsafe await withUnsafeContinuation { continuation in loop.execute { unsafe continuation.resume() }
                    }
                    check("after the loop resumed")
                    if await !counter.add() { strays.append("in an actor") }
                    check("after an actor")
                    try await loop.sleep(for: .microseconds(10))
                    check("after a sleep")
                    await Task.yield()
                    check("after a yield")
                }
                return strays
            }
            pool.shutdown()
            #expect(strays == [])
        }
    }

    @Test("children of a task group run on the loop of their parent")
    func children() async throws {
        try await withLoop { loop in
            let onLoop = try await loop.run {
                await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<20 { group.addTask { EventLoop.current === loop } }
                    return await group.reduce(true) { $0 && $1 }
                }
            }
            #expect(onLoop)
        }
    }

    @Test(
        "a task spawned on the loop starts inside the call, one spawned elsewhere does not run on the caller's thread")
    func immediate() async throws {
        try await withLoop { loop in
            let inside = try await loop.run {
                let trail = Trail<String>()
                let task = loop.spawn { trail.add("task") }
                trail.add("caller")
                await task.value
                return trail.all
            }
            #expect(inside == ["task", "caller"])
            let outside = Trail<Bool>()
            await loop.spawn { outside.add(loop.isCurrent) }.value
            #expect(outside.all == [true])
            #expect(!loop.isCurrent)
            #expect(EventLoop.current == nil)
        }
    }

    @Test("bodies of one thread run in the order in which they were given, also among spawned tasks")
    func order() async throws {
        try await withLoop { loop in
            let trail = Trail<Int>()
            for number in 0..<1_000 {
                if number.isMultiple(of: 3) {
                    loop.spawn { trail.add(number) }
                } else {
                    loop.execute { trail.add(number) }
                }
            }
            try await loop.run {}
            #expect(trail.all == Array(0..<1_000))
        }
    }

    @Test("a body given on the loop runs after the caller, not inside the call")
    func executeOnLoop() async throws {
        try await withLoop { loop in
            let trail = Trail<String>()
            try await loop.run {
                loop.execute { trail.add("body") }
                trail.add("caller")
            }
            try await loop.run {}
            #expect(trail.all == ["caller", "body"])
        }
    }

    @Test("many threads queue work at once and nothing is lost")
    func manyThreads() async throws {
        try await withLoop { loop in
            let total = Tally()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for round in 0..<5_000 {
                            if round.isMultiple(of: 2) {
                                loop.execute { total.add() }
                            } else {
                                loop.spawn { total.add() }
                            }
                        }
                    }
                }
            }
            try await loop.run {}
            #expect(total.count == 40_000)
        }
    }

    @Test("work that queues itself for ever starves neither timers nor descriptors")
    func selfQueueing() async throws {
        try await withLoop { loop in
            let isOver = Flag()
            @Sendable func again() {
                if !isOver.isSet { loop.execute { again() } }
            }
            loop.execute { again() }
            try await loop.sleep(for: .milliseconds(5))
            isOver.set()
        }
    }

    @Test("stop runs what is queued and what that queues")
    func stopRunsQueue() async throws {
        let loop = try EventLoop(name: "stopping")
        try loop.start()
        let trail = Trail<String>()
        let mayEnd = Gate()
        await loop.spawn {
            loop.execute {
                trail.add("first")
                loop.execute { trail.add("second") }
                loop.atEndOfPass {
                    trail.add("end of pass")
                    loop.execute { trail.add("last") }
                }
            }
            loop.stop()
            mayEnd.open()
        }.value
        await mayEnd.pass()
        loop.join()
        #expect(trail.all == ["first", "second", "end of pass", "last"])
    }

    @Test("more queued work than one pass takes is still run at the stop")
    func stopRunsLongQueue() throws {
        let loop = try EventLoop(name: "stopping")
        let total = Tally()
        for _ in 0..<20_000 {
            loop.execute {
                total.add()
                loop.execute { total.add() }
            }
        }
        loop.stop()
        try loop.start()
        loop.join()
        #expect(total.count == 40_000)
    }

    @Test("work at the end of a pass runs once and after the jobs of the pass")
    func endOfPass() async throws {
        try await withLoop { loop in
            let trail = Trail<String>()
            try await loop.run {
                loop.atEndOfPass {
                    trail.add("end")
                    loop.atEndOfPass { trail.add("next end") }
                }
                loop.execute { trail.add("job") }
            }
            while trail.all.count < 3 { try await loop.run {} }
            try await loop.run {}
            #expect(trail.all == ["job", "end", "next end"])
        }
    }

    @Test("a group gives its loops in turn and each runs on its own thread")
    func group() async throws {
        let group = try EventLoopGroup(count: 3, name: "group")
        try group.start()
        #expect((0..<6).map { _ in group.next().index } == [0, 1, 2, 0, 1, 2])
        var threads: Set<UInt> = []
        for loop in group.loops { threads.insert(try await loop.run { UInt(pthread_self()) }) }
        #expect(threads.count == 3)
        group.stop()
    }
}
