import Synchronization
import Telemetry

/// The keys of all tokens in lower case, so that a keyword can be looked for in them.
///
/// They are sealed with a new nonce each, so PostgreSQL cannot search them, and to open a hundred thousand for each search takes too long. A key never changes
/// and ids rise in the order of commits, so each search only opens what is newer than the last; the ids of deleted tokens match no row. Whole keys are
/// looked up by digest and need none of this.
final class TokenKeyIndex: Sendable {
    /// How many keys are opened at a time, a few milliseconds' work.
    static let step = 1000
    /// Shorter parts occur in too many keys by chance to mean anything.
    static let shortestPart = 4
    /// How many entries may be dead before everything is read anew.
    private static let spare = 10_000

    private struct State {
        var lastID = 0
        var ids: [Int] = []
        /// Where each key starts in `text`.
        var starts: [Int] = []
        /// The keys, each followed by a byte that no key contains.
        var text: [UInt8] = []
        /// How many entries the last complete reading had.
        var complete = 0
    }

    private let state = Mutex(State())

    /// The newest token that is contained.
    var lastID: Int { state.withLock { $0.lastID } }

    /// The bytes to look for when a keyword may be a part of a key: letters and digits, with or without `sk-` before them.
    static func part(_ keyword: String) -> [UInt8]? {
        let text = keyword.hasPrefix("sk-") ? keyword.dropFirst(3) : keyword[...]
        let bytes = Array(text.lowercased().utf8)
        guard (shortestPart...TokenKey.length).contains(bytes.count), bytes.allSatisfy(isAlphanumeric) else {
            return nil
        }
        return bytes
    }

    /// Adds what was read after `after`, in rising order of ids; does nothing when somebody else was faster.
    func append(_ tokens: [(id: Int, key: Redacted<String>?)], after: Int) {
        state.withLock { state in
            guard state.lastID == after else { return }
            if tokens.count < Self.step, state.complete == 0 { state.complete = state.ids.count + tokens.count }
            guard let last = tokens.last else { return }
            state.lastID = last.id
            for token in tokens {
                guard let key = token.key else { continue }
                state.ids.append(token.id)
                state.starts.append(state.text.count)
                state.text += key.reveal.lowercased().utf8
                state.text.append(0)
            }
            if state.complete > 0, state.ids.count > 2 * state.complete + Self.spare { state = State() }
        }
    }

    /// The ids of the tokens whose key contains the part.
    func matches(_ part: [UInt8]) -> [Int] {
        guard let first = part.first else { return [] }
        let (ids, starts, text) = state.withLock { ($0.ids, $0.starts, $0.text) }
        var matches: [Int] = []
        for (index, start) in starts.enumerated() {
            let end = (index + 1 < starts.count ? starts[index + 1] : text.count) - part.count
            var place = start
            while place < end {
                if text[place] == first, text[place..<place + part.count].elementsEqual(part) {
                    matches.append(ids[index])
                    break
                }
                place += 1
            }
        }
        return matches
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (48...57).contains(byte)
    }
}
