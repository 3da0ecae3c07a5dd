/// Builds the body of a `COPY … FROM STDIN` in text format.
///
/// Append the columns of a row in order, then `endRow()`. Text is escaped so that it arrives byte for byte; what PostgreSQL cannot hold (NUL, bytes that
/// are not UTF-8) becomes U+FFFD, so that a hostile value never loses the row or the batch around it.
package struct CopyText: Sendable {
    /// What was built so far.
    package private(set) var bytes: [UInt8] = []
    /// How many rows were ended.
    package private(set) var rows = 0
    private var isRowOpen = false

    /// An empty body.
    ///
    /// - Parameter capacity: Bytes to reserve.
    package init(reserving capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Starts again and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        rows = 0
        isRowOpen = false
    }

    /// Ends the row.
    package mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        rows += 1
        isRowOpen = false
    }

    /// Appends SQL NULL.
    package mutating func appendNull() {
        separate()
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: "N"))
    }

    /// Appends text; `nil` is NULL.
    package mutating func append(_ text: String?) {
        guard var text else { return appendNull() }
        separate()
        text.withUTF8 { utf8 in unsafe appendEscaped(utf8) }
    }

    /// Appends bytes that should be UTF-8 text; every ill-formed sequence becomes U+FFFD.
    package mutating func append(utf8 text: [UInt8]?) {
        guard let text else { return appendNull() }
        separate()
        let isValid = (try? UTF8Span(validating: text.span)) != nil
        if isValid {
            unsafe text.withUnsafeBufferPointer { unsafe appendEscaped($0) }
        } else {
            var repaired = String(decoding: text, as: UTF8.self)
            repaired.withUTF8 { utf8 in unsafe appendEscaped(utf8) }
        }
    }

    /// Appends an integer; `nil` is NULL. Not generic, because rows have many of them.
    package mutating func append(_ value: Int?) {
        append(value.map { Int64($0) })
    }

    /// Appends an integer; `nil` is NULL.
    package mutating func append(_ value: Int64?) {
        guard let value else { return appendNull() }
        separate()
        appendDigits(value.magnitude, isNegative: value < 0)
    }

    /// Appends an integer of any other type; `nil` is NULL.
    package mutating func append(_ value: (some BinaryInteger)?) {
        guard let value else { return appendNull() }
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Appends a number; `nil` is NULL.
    package mutating func append(_ value: Double?) {
        guard let value else { return appendNull() }
        separate()
        bytes.append(contentsOf: value.postgresText.utf8)
    }

    /// Appends a truth value; `nil` is NULL.
    package mutating func append(_ value: Bool?) {
        guard let value else { return appendNull() }
        separate()
        bytes.append(UInt8(ascii: value ? "t" : "f"))
    }

    /// Appends a point in time; `nil` is NULL.
    package mutating func append(_ value: Timestamp?) {
        guard let value else { return appendNull() }
        separate()
        value.appendPostgresText(to: &bytes)
    }

    /// Appends a `bytea`; `nil` is NULL.
    package mutating func append(bytea value: [UInt8]?) {
        guard let value else { return appendNull() }
        append(hexText(of: value))
    }

    /// Appends any value that can be bound, in its text form.
    package mutating func append(parameter value: some PostgresEncodable) {
        switch value.postgresParameter {
        case .null: appendNull()
        case .text(let text): append(text)
        case .binary(let bytes): append(bytea: bytes)
        }
    }

    /// Without a detour through `String`, which costs more than all else that is done with a number.
    private mutating func appendDigits(_ magnitude: UInt64, isNegative: Bool) {
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        var scale: UInt64 = 1
        while magnitude / scale >= 10 { scale *= 10 }
        while scale > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude / scale % 10))
            scale /= 10
        }
    }

    private mutating func separate() {
        if isRowOpen { bytes.append(UInt8(ascii: "\t")) }
        isRowOpen = true
    }

    /// Copies runs of plain bytes at once and escapes the few that mean something to COPY.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for index in 0..<text.count {
            let byte = unsafe text[index]
            guard byte < 0x0E || byte == UInt8(ascii: "\\") else { continue }
            guard let escape = Self.escape(of: byte) else { continue }
            unsafe bytes.append(contentsOf: text[start..<index])
            start = index + 1
            if escape == 0 {
                bytes.append(contentsOf: [0xEF, 0xBF, 0xBD])
            } else {
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(escape)
            }
        }
        unsafe bytes.append(contentsOf: text[start...])
    }

    /// The letter after the backslash; 0 for NUL, which has none; `nil` for a byte that stands for itself.
    private static func escape(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x00: 0
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0B: UInt8(ascii: "v")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        case UInt8(ascii: "\\"): byte
        default: nil
        }
    }
}
