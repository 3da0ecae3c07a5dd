import Synchronization

/// The current value that was built from a snapshot. Any thread reads it: one lock, no hop; the value itself never changes.
package final class SnapshotCell<Value: Sendable>: Sendable {
    private let held: Mutex<Value?>

    /// A cell without a value, or with a first one.
    package init(_ value: Value? = nil) {
        held = Mutex(value)
    }

    /// The newest value; `nil` before there was a snapshot. A caller takes it once and uses that one to its end.
    package var current: Value? {
        held.withLock { $0 }
    }

    /// Puts a new value in place of the old one.
    package func update(_ value: Value) {
        // The old value may be large; it is let go outside the lock.
        _ = held.withLock { held in
            defer { held = value }
            return held
        }
    }
}
