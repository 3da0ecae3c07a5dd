/// The fields of a message head, in order, duplicates kept; names are compared without case.
///
/// All names and values lie in one byte array, with one array of places into it: a head of twenty fields costs two allocations, and no string is
/// made for a field that nobody asks for. A parsed head shares the byte array with its request target.
///
/// A field can never break the framing of a message: `append` refuses a name that is not a token and turns CR, LF and NUL in a value into spaces.
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    /// Where one field lies in `bytes`.
    struct Field: Sendable {
        var nameStart: UInt32
        var nameLength: UInt32
        var valueStart: UInt32
        var valueLength: UInt32

        var name: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameLength) }
        var value: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueLength) }
    }

    private(set) var bytes: [UInt8]
    private(set) var fields: [Field]

    /// No fields.
    package init() {
        bytes = []
        fields = []
    }

    /// Fields in the order of the literal, duplicates kept.
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        // Heads that begin as a literal usually get a few fields more; two allocations are then enough for all.
        fields.reserveCapacity(elements.count + 4)
        bytes.reserveCapacity(elements.reduce(192) { $0 + $1.0.utf8.count + $1.1.utf8.count })
        for (name, value) in elements { append(name, value) }
    }

    /// Fields that the parser has found and checked in `bytes`.
    init(parsed fields: [Field], in bytes: [UInt8]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// The number of fields.
    package var count: Int { fields.count }

    /// Whether there is no field.
    package var isEmpty: Bool { fields.isEmpty }

    /// Adds a field at the end; a name that is not a token is not stored, CR, LF and NUL in the value become spaces.
    package mutating func append(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in
            value.withUTF8 { value in
                append(name: unsafe name.span, value: unsafe value.span)
            }
        }
    }

    /// Adds a field given as bytes, under the same rules.
    package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        guard name.count > 0, name.count < 65_536 else { return }
        for place in name.indices where !Octet.isToken(name[place]) { return }
        if fields.capacity == 0 {
            // A head has a handful of fields; growing to them step by step would cost an allocation each.
            fields.reserveCapacity(8)
            bytes.reserveCapacity(max(384, name.count + value.count))
        }
        let start = bytes.count
        bytes.append(name)
        let valueStart = bytes.count
        bytes.append(value)
        for place in valueStart..<bytes.count {
            let byte = bytes[place]
            if byte == Octet.carriageReturn || byte == Octet.lineFeed || byte == 0 { bytes[place] = Octet.space }
        }
        fields.append(
            Field(
                nameStart: UInt32(start), nameLength: UInt32(name.count), valueStart: UInt32(valueStart),
                valueLength: UInt32(value.count)))
    }

    /// Removes every field of this name and adds one at the end.
    package mutating func replace(_ name: String, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Removes every field of this name.
    package mutating func remove(_ name: String) {
        guard contains(name) else { return }
        var kept = HTTPHeaders()
        kept.fields.reserveCapacity(fields.count)
        kept.bytes.reserveCapacity(bytes.count)
        for field in fields where !matches(field, name) {
            kept.append(name: bytes.span.extracting(field.name), value: bytes.span.extracting(field.value))
        }
        self = kept
    }

    /// The value of the first field of this name.
    package func first(_ name: String) -> String? {
        guard let field = fields.first(where: { matches($0, name) }) else { return nil }
        return bytes.span.extracting(field.value).text
    }

    /// The values of all fields of this name, in order.
    package func all(_ name: String) -> [String] {
        fields.filter { matches($0, name) }.map { bytes.span.extracting($0.value).text }
    }

    /// Whether there is a field of this name.
    package func contains(_ name: String) -> Bool {
        fields.contains { matches($0, name) }
    }

    /// Whether a comma-separated field of this name has the token, compared without case.
    package func containsToken(_ name: String, _ token: String) -> Bool {
        var token = token
        return token.withUTF8 { token in
            let token = unsafe token.span
            for field in fields where matches(field, name) {
                let value = bytes.span.extracting(field.value)
                if value.containsToken(where: { $0.equalsIgnoringCase(token) }) { return true }
            }
            return false
        }
    }

    /// Calls `body` with the name and value of each field, in order.
    package func forEach(_ body: (String, String) throws -> Void) rethrows {
        for field in fields {
            try body(bytes.span.extracting(field.name).text, bytes.span.extracting(field.value).text)
        }
    }

    /// Calls `body` with the bytes of each field's name and value, in order; makes no string.
    package func forEachBytes<Failure>(
        _ body: (Span<UInt8>, Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        for field in fields {
            try body(bytes.span.extracting(field.name), bytes.span.extracting(field.value))
        }
    }

    /// Calls `body` with the value bytes of the first field of this name; answers `nil` when there is none.
    package func withFirst<Result, Failure>(
        _ name: String, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        for field in fields where matches(field, name) {
            return try body(bytes.span.extracting(field.value))
        }
        return nil
    }

    /// Appends every field as `name: value` and CRLF.
    package func serialize(into output: inout [UInt8]) {
        for field in fields { serialize(field, into: &output) }
    }

    func serialize(_ field: Field, into output: inout [UInt8]) {
        output.append(bytes.span.extracting(field.name))
        output.append(": ")
        output.append(bytes.span.extracting(field.value))
        output.append("\r\n")
    }

    private func matches(_ field: Field, _ name: String) -> Bool {
        name.utf8.count == Int(field.nameLength)
            && bytes.span.extracting(field.name).equalsIgnoringCase(name.utf8.span)
    }
}

extension HTTPHeaders: Equatable {
    /// Whether both have the same fields in the same order: names without case, values exactly.
    package static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        for (first, second) in zip(left.fields, right.fields) {
            let name = left.bytes.span.extracting(first.name)
            guard name.equalsIgnoringCase(right.bytes.span.extracting(second.name)),
                left.bytes[first.value] == right.bytes[second.value]
            else { return false }
        }
        return true
    }
}

extension HTTPHeaders: CustomStringConvertible {
    /// The names only: values may hold secrets and must not reach a log by accident.
    package var description: String {
        "HTTPHeaders(\(fields.map { bytes.span.extracting($0.name).text }.joined(separator: ", ")))"
    }
}

extension Span<UInt8> {
    /// Whether one of the comma-separated, trimmed elements satisfies the predicate; empty elements are skipped.
    func containsToken(where predicate: (Span<UInt8>) -> Bool) -> Bool {
        var start = 0
        while start <= count {
            let end = firstPlace(of: 0x2C, from: start) ?? count
            let element = trimmed(start..<end)
            if !element.isEmpty, predicate(extracting(element)) { return true }
            start = end + 1
        }
        return false
    }
}
