/// One statement and the values bound to it.
///
/// Write it as an interpolated literal: every `\(value)` becomes a bound parameter (`$1`, `$2`, …) and never part of the text, so there is nothing
/// to escape. `\(raw:)` splices text of our own (a table name from a constant), `\(fragment)` another `SQL` with its parameters renumbered.
/// The server infers each parameter's type from its place; where it cannot, write a cast: `\(value)::bigint`.
package struct SQL: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The text between the parameters; always one more than there are parameters.
    private(set) var pieces: [String]
    /// The values, in order.
    private(set) var parameters: [ParameterValue]

    /// A statement without parameters.
    package init(stringLiteral text: String) {
        pieces = [text]
        parameters = []
    }

    /// A statement from an interpolated literal.
    package init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
        parameters = stringInterpolation.parameters
    }

    /// A statement from text that the program holds as a constant or built itself; never from a caller's input.
    package init(raw text: String) {
        self.init(stringLiteral: text)
    }

    /// No text and no parameters: where a list of fragments begins.
    package static let empty = SQL(raw: "")

    /// Whether there is neither text nor a parameter.
    package var isEmpty: Bool { parameters.isEmpty && pieces[0].isEmpty }

    /// The text with `$n` in the places of the parameters; also the key under which it is kept prepared.
    package var text: String {
        guard !parameters.isEmpty else { return pieces[0] }
        var text = pieces[0]
        text.reserveCapacity(pieces.reduce(0) { $0 + $1.utf8.count + 4 })
        for number in 1..<pieces.count {
            text += "$"
            text += String(number)
            text += pieces[number]
        }
        return text
    }

    /// Appends another statement or fragment; its parameters come after ours.
    package mutating func append(_ other: SQL) {
        pieces[pieces.count - 1] += other.pieces[0]
        pieces.append(contentsOf: other.pieces.dropFirst())
        parameters.append(contentsOf: other.parameters)
    }

    /// The fragments one after the other with `separator` between them.
    package static func joined(_ fragments: [SQL], separator: String) -> SQL {
        var whole = SQL.empty
        for (position, fragment) in fragments.enumerated() {
            if position > 0 { whole.append(SQL(raw: separator)) }
            whole.append(fragment)
        }
        return whole
    }

    package static func + (left: SQL, right: SQL) -> SQL {
        var whole = left
        whole.append(right)
        return whole
    }

    /// Quotes a name so that PostgreSQL takes it as an identifier exactly as given; NUL is dropped.
    package static func identifier(_ name: String) -> SQL {
        SQL(raw: quotedIdentifier(name))
    }

    /// The text of a quoted identifier.
    static func quotedIdentifier(_ name: String) -> String {
        var quoted = "\""
        for scalar in name.unicodeScalars where scalar.value != 0 {
            if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// Collects the pieces and values of an interpolated literal.
    package struct StringInterpolation: StringInterpolationProtocol {
        var pieces: [String] = [""]
        var parameters: [ParameterValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount + 1)
            parameters.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            pieces[pieces.count - 1] += literal
        }

        /// Binds a value or, for `nil`, NULL. An overload of its own, because the compiler warns of optionals elsewhere.
        package mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) {
            parameters.append(value.postgresParameter)
            pieces.append("")
        }

        /// Binds a value.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            parameters.append(value.postgresParameter)
            pieces.append("")
        }

        /// Splices text of our own.
        package mutating func appendInterpolation(raw text: String) {
            pieces[pieces.count - 1] += text
        }

        /// Splices another statement or fragment with its values.
        package mutating func appendInterpolation(_ fragment: SQL) {
            pieces[pieces.count - 1] += fragment.pieces[0]
            pieces.append(contentsOf: fragment.pieces.dropFirst())
            parameters.append(contentsOf: fragment.parameters)
        }
    }
}

extension SQL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// How many parameters there are; never the text or a value, because descriptions end up in logs.
    package var description: String { "SQL(\(parameters.count) parameters)" }

    /// The same as `description`.
    package var debugDescription: String { description }

    /// Empty, so that `dump` of an enclosing value shows nothing.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
