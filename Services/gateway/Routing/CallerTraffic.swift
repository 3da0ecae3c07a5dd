import Contracts
import Synchronization

/// The calls of tenants by group, token and model, by seconds, until they are reported to the registry.
///
/// Bound: 100 000 rows of a key and a second wait; calls beyond them are counted in `dropped` only.
package final class CallerTraffic: Sendable {
    /// Who called for what.
    package struct Key: Hashable, Sendable {
        package let group: String
        package let token: String
        package let model: String

        package init(group: String, token: String, model: String) {
            self.group = group
            self.token = token
            self.model = model
        }
    }

    /// The calls of one key in one second.
    package struct Row: Equatable, Sendable {
        package let key: Key
        package let second: UInt64
        package var calls: Int
        package var tokens: Int
    }

    private struct State {
        /// By key, in rising order of seconds.
        var rows: [Key: [Row]] = [:]
        var count = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private static let maxRows = 100_000

    /// Nothing counted yet.
    package init() {}

    /// Counts a finished or refused call.
    package func record(_ key: Key, tokens: Int, atSecond now: UInt64) {
        state.withLock { state in
            let mayGrow = state.count < Self.maxRows
            let hasGrown: Bool? = {
                (rows: inout [Row]) in
                if rows.last?.second == now {
                    rows[rows.count - 1].calls += 1
                    rows[rows.count - 1].tokens += tokens
                    return false
                }
                guard mayGrow else { return nil }
                rows.append(Row(key: key, second: now, calls: 1, tokens: tokens))
                return true
            }(&state.rows[key, default: []])
            switch hasGrown {
            case true?: state.count += 1
            case false?: break
            case nil:
                state.dropped += 1
                if state.rows[key]?.isEmpty == true { state.rows[key] = nil }
            }
        }
    }

    /// Takes the rows of whole seconds, at most as many as a report holds; those too old to be of use are let go.
    package func take(atSecond now: UInt64) -> [Row] {
        state.withLock { state in
            var taken: [Row] = []
            for (key, rows) in state.rows {
                guard taken.count < HealthReport.maxRows else { break }
                let whole = rows.prefix { $0.second < now }
                taken += whole.filter { $0.second + UInt64(HealthReport.window) > now }
                state.count -= whole.count
                state.rows[key] = whole.count == rows.count ? nil : Array(rows.dropFirst(whole.count))
            }
            return taken
        }
    }

    /// Calls that were not kept, because too many waited for the registry.
    package var dropped: Int { state.withLock(\.dropped) }

    /// Whether nothing waits.
    package var isEmpty: Bool { state.withLock { $0.rows.isEmpty } }
}
