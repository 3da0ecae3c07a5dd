package import Contracts
import EventLoop
import InternalHTTP
import RegistryStore
import Synchronization

/// An answer to gateways and its JSON, made once however many ask for it.
package struct PreparedSnapshot: Sendable {
    package let snapshot: Snapshot
    package let json: [UInt8]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        json = SnapshotJSON.encode(snapshot)
    }
}

/// Where gateways wait for news: holds the mirror, lets readers share it, and wakes them when it changes.
///
/// However many gateways wait, one change costs one query of the feed and, for those that held the same revision, one delta.
package final class SnapshotBoard: Sendable {
    /// How many calls may wait at once; one more is answered at once with what is there.
    package static let maxWaiters = 10_000
    /// How long a call may wait, whatever it asks for.
    package static let longestWait: Duration = .seconds(30)
    private static let maxAnswers = 16

    private struct State {
        var mirror: SnapshotMirror?
        var isClosed = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: (query: SnapshotQuery, continuation: CheckedContinuation<Void, Never>)] = [:]
        /// Answers from the current mirror by the revision that they start from; 0 is the whole.
        var answers: [Int64: PreparedSnapshot] = [:]
    }

    private let state = Mutex(State())

    /// A board without a mirror.
    package init() {}

    /// The mirror that is held; `nil` before the first was read.
    package var mirror: SnapshotMirror? { state.withLock { $0.mirror } }

    /// How many calls wait.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// Puts up a new mirror and wakes everybody for whom it holds news.
    package func post(_ mirror: SnapshotMirror) {
        let woken = state.withLock { state in
            state.mirror = mirror
            state.answers.removeAll(keepingCapacity: true)
            let news = state.waiters.filter { mirror.isNews(for: $0.value.query) }
            for id in news.keys { state.waiters[id] = nil }
            return news.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Answers everybody at once from now on: the service stops, and a waiting call would hold it up.
    package func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// What a gateway is to be told, after a wait while there is nothing; `nil` while no mirror was ever read.
    ///
    /// Only on an event loop; the wait ends early when the task is cancelled.
    package func answer(to query: SnapshotQuery) async -> PreparedSnapshot? {
        if let loop = EventLoop.current {
            let asked = Duration.milliseconds(max(0, query.waitMilliseconds))
            await wait(for: query, atMost: min(asked, Self.longestWait), on: loop)
        }
        return current(for: query)
    }

    private func wait(for query: SnapshotQuery, atMost time: Duration, on loop: EventLoop) async {
        guard time > .zero else { return }
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = loop.schedule(after: time) { [self] in end(id) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let isNews = state.mirror.map { $0.isNews(for: query) } ?? false
                    guard !isNews, !state.isClosed, !Task.isCancelled, state.waiters.count < Self.maxWaiters else {
                        return false
                    }
                    state.waiters[id] = (query, continuation)
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            end(id)
        }
        loop.cancel(timer)
    }

    private func end(_ id: UInt64) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
        waiter?.continuation.resume()
    }

    private func current(for query: SnapshotQuery) -> PreparedSnapshot? {
        let (mirror, kept) = state.withLock { state in
            (state.mirror, state.answers[query.epoch == state.mirror?.epoch ? query.after : 0])
        }
        guard let mirror else { return nil }
        if let kept { return kept }
        let answer = PreparedSnapshot(mirror.answer(to: query))
        state.withLock { state in
            guard state.mirror?.position == mirror.position, state.answers.count < Self.maxAnswers else { return }
            state.answers[answer.snapshot.isWhole ? 0 : query.after] = answer
        }
        return answer
    }
}
