import Synchronization

/// Counts, and the last requests as they arrived.
final class MockStats: Sendable {
    enum Outcome: String, Sendable {
        case running
        case completed
        /// The client closed before the answer had ended.
        case aborted
        /// The mock itself cut the answer, as it was told.
        case cut
    }

    private struct Entry {
        var id: Int
        var request: MockRequest
        var outcome: Outcome
        var chunks: Int
    }

    private struct State {
        var requests = 0
        var counts: [String: Int] = [:]
        var connections = 0
        var open = 0
        var recent: [Entry] = []
    }

    private static let kept = 64
    /// Of a larger body only the beginning is kept.
    private static let keptBody = 1 << 20
    private let records: Bool
    private let state = Mutex(State())

    init(records: Bool) {
        self.records = records
    }

    func connected() {
        state.withLock {
            $0.connections += 1
            $0.open += 1
        }
    }

    func disconnected() {
        state.withLock { $0.open -= 1 }
    }

    /// Counts a request and answers its number.
    func began(_ request: MockRequest) -> Int {
        state.withLock { state in
            state.requests += 1
            if records {
                if state.recent.count == Self.kept { state.recent.removeFirst() }
                var request = request
                if request.body.count > Self.keptBody { request.body.removeLast(request.body.count - Self.keptBody) }
                state.recent.append(Entry(id: state.requests, request: request, outcome: .running, chunks: 0))
            }
            return state.requests
        }
    }

    func sentChunk(_ id: Int) {
        guard records else { return }
        state.withLock { state in
            if let place = state.recent.lastIndex(where: { $0.id == id }) { state.recent[place].chunks += 1 }
        }
    }

    func ended(_ id: Int, _ outcome: Outcome) {
        state.withLock { state in
            state.counts[outcome.rawValue, default: 0] += 1
            if let place = state.recent.lastIndex(where: { $0.id == id }) { state.recent[place].outcome = outcome }
        }
    }

    /// Forgets the requests; open connections stay counted.
    func reset() {
        state.withLock { state in
            state.requests = 0
            state.counts = [:]
            state.recent = []
        }
    }

    /// Everything as JSON, the last requests newest last.
    func json() -> [UInt8] {
        let state = state.withLock { $0 }
        var out: [UInt8] = []
        out.append("{\"requests\":\(state.requests)")
        for outcome in [Outcome.completed, .aborted, .cut] {
            out.append(",\"\(outcome.rawValue)\":\(state.counts[outcome.rawValue] ?? 0)")
        }
        out.append(",\"connections\":\(state.connections),\"open\":\(state.open),\"recent\":[")
        for (place, entry) in state.recent.enumerated() {
            out.append(
                "\(place == 0 ? "" : ",")\n{\"id\":\(entry.id),\"outcome\":\"\(entry.outcome.rawValue)\",\"chunks\":\(entry.chunks),"
            )
            entry.request.appendMembers(to: &out)
            out.append("}")
        }
        out.append("]}\n")
        return out
    }
}

extension MockRequest {
    /// Appends `"method":…,"target":…,"headers":[[name,value]…],"body":…` without the braces.
    func appendMembers(to out: inout [UInt8]) {
        out.append("\"method\":\"\(method)\",\"target\":")
        out.appendJSON(target.utf8)
        out.append(",\"headers\":[")
        for (place, header) in headers.enumerated() {
            out.append(place == 0 ? "[" : ",[")
            out.appendJSON(header.name.utf8)
            out.append(",")
            out.appendJSON(header.value.utf8)
            out.append("]")
        }
        out.append("],\"body\":")
        out.appendJSON(body)
    }
}
