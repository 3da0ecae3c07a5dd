/// A JSON value as a tree, for conversions between dialects; a pass-through uses ``JSONObjectIndex`` instead, which costs a tenth.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The kind of the value.
    package var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// A whole number as a value.
    package static func int(_ value: some BinaryInteger) -> JSONValue {
        .number(JSONNumber(value))
    }

    /// The text of a string, else nil.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The truth value, else nil.
    package var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The whole number, else nil; see ``JSONNumber/int``.
    package var int: Int? {
        guard case .number(let number) = self else { return nil }
        return number.int
    }

    /// The number as a fraction, else nil.
    package var double: Double? {
        guard case .number(let number) = self else { return nil }
        return number.double
    }

    /// The elements of an array, else nil.
    package var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object, else nil.
    package var object: JSONObject? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// Whether the value is `null`.
    package var isNull: Bool { self == .null }

    /// The member of an object; nil for other kinds and missing keys. Setting turns another kind into an object.
    package subscript(key: String) -> JSONValue? {
        get { object?[key] }
        set {
            var members = object ?? JSONObject()
            self = .null
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The element of an array; nil for other kinds and places outside.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// Reads a text with a parser made for this call; a loop keeps a ``JSONParser`` instead.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        try JSONParser(limits: limits).parse(bytes)
    }

    /// The text without white space; numbers as they were written, members in order.
    package func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(integerLiteral value: Int) {
        self = .number(JSONNumber(value))
    }

    package init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    package init(nilLiteral: ()) {
        self = .null
    }

    package init(arrayLiteral elements: JSONValue...) {
        self = .array(elements)
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var members = JSONObject(reserving: elements.count)
        for (key, value) in elements { members[key] = value }
        self = .object(members)
    }
}
