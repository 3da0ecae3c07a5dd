/// A value that must not be seen: it prints as a placeholder everywhere and cannot be encoded.
///
/// The value leaves only through ``reveal``, so that a search for that word finds every place where a secret is used.
package struct Redacted<Value: Sendable>: Sendable {
    /// The secret itself; to be handed to the code that needs it and to nothing that prints.
    package let reveal: Value

    /// Wraps a secret.
    package init(_ value: Value) {
        reveal = value
    }

    /// What is printed instead of any secret.
    package static var placeholder: String { "•••" }
}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The placeholder, never the value.
    package var description: String { Self.placeholder }

    /// The placeholder, never the value.
    package var debugDescription: String { Self.placeholder }

    /// An empty mirror, so that `dump` and string interpolation of an enclosing value show nothing.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension Redacted: Equatable where Value: Equatable {}

extension Redacted: Hashable where Value: Hashable {}
