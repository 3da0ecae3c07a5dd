import Synchronization

/// What all calls of the process may fetch at once, and hold of what was fetched.
///
/// Bytes count as they were fetched; what calls make of them (base64, the body of a request) comes on top, about three times as much.
final class MediaBudget: Sendable {
    private let state = Mutex((files: 0, bytes: 0))
    private let maxFiles: Int
    private let maxBytes: Int

    init(files: Int, bytes: Int) {
        maxFiles = files
        maxBytes = bytes
    }

    /// Begins the fetch of a file; false when too many are under way. `end` ends it.
    func begin() -> Bool {
        state.withLock { state in
            guard state.files < maxFiles else { return false }
            state.files += 1
            return true
        }
    }

    /// Ends a fetch.
    func end() { state.withLock { $0.files -= 1 } }

    /// Sets bytes aside; false when there is no room. `give` gives them back.
    func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard bytes <= maxBytes - state.bytes else { return false }
            state.bytes += bytes
            return true
        }
    }

    /// Gives bytes back.
    func give(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

    /// What is under way and held.
    var used: (files: Int, bytes: Int) { state.withLock { $0 } }
}
