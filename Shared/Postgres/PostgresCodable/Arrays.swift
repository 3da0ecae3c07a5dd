/// A type whose arrays can be bound and read.
///
/// The element decides, because `[UInt8]` is one `bytea` value while `[Int64]` is a PostgreSQL array, and Swift allows one conformance of `Array`.
package protocol PostgresArrayElement: Sendable {
    /// The whole array as one parameter.
    static func arrayParameter(_ elements: [Self]) -> ParameterValue
    /// Reads a whole array.
    static func decodeArray(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> [Self]
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
    /// A one-dimensional array literal with every element quoted.
    package static func arrayParameter(_ elements: [Self]) -> ParameterValue {
        var literal = "{"
        for (index, element) in elements.enumerated() {
            if index > 0 { literal += "," }
            switch element.postgresParameter {
            case .null: literal += "NULL"
            case .text(let text): appendQuoted(text, to: &literal)
            case .binary(let bytes): appendQuoted(hexText(of: bytes), to: &literal)
            }
        }
        return .text(literal + "}")
    }

    /// Reads a one-dimensional array; a NULL element needs an optional element type.
    package static func decodeArray(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> [Self] {
        var elements: [Self] = []
        try forEachArrayElement(text) { (element: [UInt8]?) throws(PostgresDecodeFault) in
            if let element {
                elements.append(try Self.decode(postgresText: element.span))
            } else if let value = Self.valueForNull {
                elements.append(value)
            } else {
                throw PostgresDecodeFault("NULL in an array of a type that has none")
            }
        }
        return elements
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresEncodable & PostgresDecodable {}

extension UInt8: PostgresArrayElement {
    /// The bytes as one binary `bytea`.
    package static func arrayParameter(_ elements: [UInt8]) -> ParameterValue { .binary(elements) }

    /// Reads the `\x…` form of `bytea`.
    package static func decodeArray(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> [UInt8] {
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            throw PostgresDecodeFault("not bytea in hex form")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        var position = 2
        while position < text.count {
            guard let high = hexValue(text[position]), let low = hexValue(text[position + 1]) else {
                throw PostgresDecodeFault("not bytea in hex form")
            }
            bytes.append(high << 4 | low)
            position += 2
        }
        return bytes
    }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package var postgresParameter: ParameterValue { Element.arrayParameter(self) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        try Element.decodeArray(postgresText: text)
    }
}

private func appendQuoted(_ text: String, to literal: inout String) {
    literal += "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { literal += "\\" }
        literal.unicodeScalars.append(scalar)
    }
    literal += "\""
}

/// The `\x…` form of `bytea`.
func hexText(of bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = Array("\\x".utf8)
    text.reserveCapacity(bytes.count * 2 + 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// Walks a one-dimensional array literal (`{a,"b \"c\"",NULL}`); an element that is NULL comes as `nil`.
private func forEachArrayElement(
    _ text: Span<UInt8>, _ body: ([UInt8]?) throws(PostgresDecodeFault) -> Void
) throws(PostgresDecodeFault) {
    let malformed = PostgresDecodeFault("not a one-dimensional array")
    var position = 0
    if text.count > 0, text[0] == UInt8(ascii: "[") {
        while position < text.count, text[position] != UInt8(ascii: "=") { position += 1 }
        position += 1
    }
    guard position < text.count, text[position] == UInt8(ascii: "{") else { throw malformed }
    position += 1
    if position < text.count, text[position] == UInt8(ascii: "}") {
        guard position == text.count - 1 else { throw malformed }
        return
    }
    while true {
        var element: [UInt8] = []
        var isQuoted = false
        scan: while true {
            guard position < text.count else { throw malformed }
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "{"): throw malformed
            case UInt8(ascii: ","), UInt8(ascii: "}"): break scan
            case UInt8(ascii: "\""):
                isQuoted = true
                position += 1
                while position < text.count, text[position] != UInt8(ascii: "\"") {
                    if text[position] == UInt8(ascii: "\\") { position += 1 }
                    guard position < text.count else { throw malformed }
                    element.append(text[position])
                    position += 1
                }
                guard position < text.count else { throw malformed }
                position += 1
            case UInt8(ascii: "\\"):
                guard position + 1 < text.count else { throw malformed }
                element.append(text[position + 1])
                position += 2
            default:
                element.append(byte)
                position += 1
            }
        }
        try body(!isQuoted && element == Array("NULL".utf8) ? nil : element)
        let isLast = text[position] == UInt8(ascii: "}")
        position += 1
        if isLast {
            guard position == text.count else { throw malformed }
            return
        }
    }
}
