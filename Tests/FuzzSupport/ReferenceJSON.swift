import JSON

/// A reader of JSON that is slow and plain (RFC 8259), to compare the real one with.
struct ReferenceJSON {
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0

    /// Containers inside each other, as `JSONLimits` has it.
    private static let deepest = 512

    private struct Wrong: Error {}

    /// The value; `nil` for what is no JSON. A key that is given twice has its first place and its last value, a surrogate alone is U+FFFD.
    static func parse(_ bytes: [UInt8]) -> JSONValue? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return Optional.none }
        var reader = ReferenceJSON(bytes: bytes)
        guard let value = try? reader.value() else { return Optional.none }
        reader.blanks()
        // `nil` in one expression with a value would be JSON's null.
        guard reader.place == bytes.count else { return Optional.none }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func blanks() {
        while let byte, [32, 9, 10, 13].contains(byte) { place += 1 }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = text.withUTF8Buffer { unsafe Array($0) }
        guard bytes[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    private mutating func value() throws(Wrong) -> JSONValue {
        blanks()
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        switch byte {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "{"): return try object()
        default: return try number()
        }
    }

    private mutating func array() throws(Wrong) -> JSONValue {
        try open()
        var elements: [JSONValue] = []
        blanks()
        if !take("]") {
            repeat {
                elements.append(try value())
                blanks()
            } while take(",")
            guard take("]") else { throw Wrong() }
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func object() throws(Wrong) -> JSONValue {
        try open()
        var members = JSONObject()
        blanks()
        if !take("}") {
            repeat {
                blanks()
                guard byte == UInt8(ascii: "\"") else { throw Wrong() }
                let key = try string()
                blanks()
                guard take(":") else { throw Wrong() }
                members[key] = try value()
                blanks()
            } while take(",")
            guard take("}") else { throw Wrong() }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func open() throws(Wrong) {
        place += 1
        depth += 1
        guard depth <= Self.deepest else { throw Wrong() }
    }

    private mutating func digits() throws(Wrong) {
        let start = place
        while let byte, (48...57).contains(byte) { place += 1 }
        guard place > start else { throw Wrong() }
    }

    private mutating func number() throws(Wrong) -> JSONValue {
        let start = place
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            try digits()
        }
        // The module takes the text of a number only from its own reader.
        guard case .number(let number)? = try? JSONValue.parse(Array(bytes[start..<place])) else { throw Wrong() }
        return .number(number)
    }

    private mutating func string() throws(Wrong) -> String {
        place += 1
        var text: [UInt8] = []
        while let next = byte, next != UInt8(ascii: "\"") {
            guard next >= 32 else { throw Wrong() }
            place += 1
            if next != UInt8(ascii: "\\") {
                text.append(next)
                continue
            }
            guard let letter = byte else { throw Wrong() }
            place += 1
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "u"): text += String(try scalar()).utf8
            default: throw Wrong()
            }
        }
        guard take("\"") else { throw Wrong() }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func scalar() throws(Wrong) -> Character {
        let first = try unit()
        var value = first
        if (0xD800...0xDBFF).contains(first), bytes[place...].starts(with: Array("\\u".utf8)) {
            let before = place
            place += 2
            let second = try unit()
            if (0xDC00...0xDFFF).contains(second) {
                value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            } else {
                place = before
            }
        }
        return Character(Unicode.Scalar(value) ?? "\u{FFFD}")
    }

    private mutating func unit() throws(Wrong) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw Wrong() }
            value = value << 4 | UInt32(digit)
            place += 1
        }
        return value
    }
}
