import Synchronization

/// A fixed set of loops, each on a thread of its own.
package final class EventLoopGroup: Sendable {
    /// The loops, by index.
    package let loops: [EventLoop]
    private let position = Atomic<Int>(0)

    /// Makes `count` loops (at least one) that do not run yet.
    ///
    /// - Throws: `.system` when the kernel refuses a descriptor.
    package init(count: Int, name: String) throws(EventLoopError) {
        var made: [EventLoop] = []
        for index in 0..<max(1, count) {
            made.append(try EventLoop(name: "\(name)-\(index)", index: index))
        }
        loops = made
    }

    /// Starts every loop.
    ///
    /// - Throws: `.system` when no thread can be made; the loops that were started are stopped again.
    package func start() throws(EventLoopError) {
        for loop in loops {
            do throws(EventLoopError) {
                try loop.start()
            } catch {
                stop()
                throw error
            }
        }
    }

    /// The next loop in turn, for work that may run on any of them.
    package func next() -> EventLoop {
        let turn = position.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
    }

    /// Stops every loop and waits for their threads. Not from one of the loops.
    package func stop() {
        for loop in loops { loop.stop() }
        for loop in loops { loop.join() }
    }
}
