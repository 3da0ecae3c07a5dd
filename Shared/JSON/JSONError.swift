/// The six kinds of JSON value.
package enum JSONKind: UInt8, Equatable, Sendable {
    case null
    case bool
    case number
    case string
    case array
    case object

    /// The kind in words for a message: "an array".
    package var phrase: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Why bytes could not be read as the JSON that was wanted. The message is fit for the caller who sent the bytes.
package enum JSONError: Error, Equatable, Sendable {
    /// There is nothing but white space.
    case empty
    /// The bytes are not JSON; the offset is that of the first byte that cannot be.
    case syntax(Flaw, offset: Int)
    /// Containers are nested deeper than the limit.
    case tooDeep(limit: Int, offset: Int)
    /// The text has more bytes, or more values, than the limit.
    case tooLarge(limit: Int)
    /// The text is JSON, but not an object.
    case notAnObject(found: JSONKind)
    /// A member has another kind than the one asked for.
    case wrongKind(key: String, expected: JSONKind, found: JSONKind)
    /// A number is not a whole number, or does not fit the type asked for.
    case notAnInteger(key: String)

    /// What is wrong with a text that is not JSON.
    package enum Flaw: UInt8, Equatable, Sendable {
        /// A byte that cannot start or follow here.
        case unexpectedCharacter = 1
        /// The text ends inside a value.
        case truncated
        /// A string has no closing quote.
        case unclosedString
        /// A control character stands unescaped in a string.
        case controlCharacter
        /// A backslash is followed by something that is no escape.
        case badEscape
        /// The bytes are not UTF-8.
        case badUTF8
        /// A number is not in the form JSON gives it.
        case badNumber
        /// Something other than white space follows the value.
        case trailingBytes
        /// An object key is not a string.
        case keyNotString

        var phrase: String {
            switch self {
            case .unexpectedCharacter: "unexpected character"
            case .truncated: "the text ends inside a value"
            case .unclosedString: "a string is not closed"
            case .controlCharacter: "a control character in a string is not escaped"
            case .badEscape: "a string has an invalid escape"
            case .badUTF8: "the text is not valid UTF-8"
            case .badNumber: "a number is malformed"
            case .trailingBytes: "something follows the value"
            case .keyNotString: "an object key is not a string"
            }
        }
    }

    /// The byte at which the text stops being JSON, when that is what is wrong.
    package var offset: Int? {
        switch self {
        case .syntax(_, let offset), .tooDeep(_, let offset): offset
        case .empty, .tooLarge, .notAnObject, .wrongKind, .notAnInteger: nil
        }
    }

    /// What is wrong, in a clause for the caller. Holds no part of the text but a member's key.
    package var message: String {
        switch self {
        case .empty: "the text is empty"
        case .syntax(let flaw, let offset): "\(flaw.phrase) at byte \(offset)"
        case .tooDeep(let limit, let offset): "values are nested deeper than \(limit) levels at byte \(offset)"
        case .tooLarge(let limit): "the text is larger than the limit of \(limit)"
        case .notAnObject(let found): "the text is \(found.phrase) where an object is needed"
        case .wrongKind(let key, let expected, let found): "'\(key)' must be \(expected.phrase), not \(found.phrase)"
        case .notAnInteger(let key): "'\(key)' must be a whole number"
        }
    }
}

/// Bounds of one parse; what exceeds them is refused with ``JSONError/tooLarge(limit:)`` or ``JSONError/tooDeep(limit:offset:)``.
package struct JSONLimits: Equatable, Sendable {
    /// Deepest nesting of containers; at most 1024, since trees are built and freed by recursion.
    package var depth: Int
    /// Longest text in bytes; at most 2^31 - 1.
    package var bytes: Int
    /// Most values that are kept: members of the top object for an index, all values for a tree.
    package var values: Int

    /// Bounds that no honest request meets.
    package init(depth: Int = 512, bytes: Int = Int(Int32.max), values: Int = 4_000_000) {
        self.depth = min(max(depth, 1), 1024)
        self.bytes = min(max(bytes, 0), Int(Int32.max))
        self.values = max(values, 1)
    }
}
