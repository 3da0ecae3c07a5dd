import Synchronization
import Telemetry

/// The keys of all channels, opened, so that a text can be looked for in them.
///
/// They are sealed with a new nonce each, so PostgreSQL cannot compare them, and to open ten thousand for each search takes too long. Every change of a
/// channel takes a revision, and revisions become visible in order, so each search only opens what changed since the last.
final class ChannelKeyIndex: Sendable {
    /// How many keys are opened at a time, a few milliseconds' work.
    static let step = 1000

    /// Up to which change of which database the keys are held.
    struct Position: Equatable {
        var epoch = ""
        var revision: Int64 = 0
    }

    private struct Entry {
        let key: Redacted<String>
        let lowered: [UInt8]
    }

    private struct State {
        var position = Position()
        var entries: [Int: Entry] = [:]
    }

    private let state = Mutex(State())

    /// After which revision is to be read when the database stands at `now`: 0, and nothing is held any more, when it is another one or was put back.
    func start(_ now: Position) -> Int64 {
        state.withLock { state in
            let follows = state.position.epoch == now.epoch && state.position.revision <= now.revision
            if !follows { state = State(position: Position(epoch: now.epoch, revision: 0)) }
            return state.position.revision
        }
    }

    /// Takes in what changed after a revision, `nil` for a channel that has no key to look into; does nothing when somebody else was faster.
    func merge(_ keys: [(id: Int, key: Redacted<String>?)], after: Int64, now: Position) {
        state.withLock { state in
            guard state.position == Position(epoch: now.epoch, revision: after) else { return }
            state.position = now
            for (id, key) in keys {
                state.entries[id] = key.map { Entry(key: $0, lowered: Array($0.reveal.lowercased().utf8)) }
            }
        }
    }

    /// The ids of the channels with this key.
    func ids(of key: String) -> [Int] {
        let entries = state.withLock { $0.entries }
        return entries.filter { $0.value.key.reveal == key }.map(\.key)
    }

    /// The ids of the channels whose key contains a text, in any case.
    func ids(containing text: String) -> [Int] {
        let entries = state.withLock { $0.entries }
        let part = Array(text.lowercased().utf8)
        return entries.filter { Self.contains($0.value.lowered, part) }.map(\.key)
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { start in
            text[start] == first && text[start..<start + part.count].elementsEqual(part)
        }
    }
}
