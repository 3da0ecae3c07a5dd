import CSimdJSON

/// Builds a JSON text front to back; commas are placed by the writer.
///
/// What is called in a wrong order (a value without a key inside an object) makes a wrong text: the caller is our own
/// code and the tests of the callers compare texts.
package struct JSONWriter: Sendable {
    /// The text so far.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    /// An empty writer with room for `count` bytes.
    package init(reserving count: Int = 512) {
        bytes = []
        bytes.reserveCapacity(count)
    }

    // MARK: Containers

    /// An object whose members `body` writes.
    package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        beginObject()
        try body(&self)
        endObject()
    }

    /// An array whose elements `body` writes.
    package mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        beginArray()
        try body(&self)
        endArray()
    }

    /// Opens an object.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }

    /// Closes an object.
    package mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens an array.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }

    /// Closes an array.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The key of the next value.
    package mutating func key(_ name: String) {
        comma()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// A string, escaped as far as JSON demands.
    package mutating func string(_ text: String) {
        comma()
        quoted(text)
    }

    /// A whole number.
    package mutating func int(_ value: some BinaryInteger) {
        comma()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// A fraction; `null` when it is not finite.
    package mutating func double(_ value: Double) {
        comma()
        bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
    }

    /// A number as it was written.
    package mutating func number(_ value: JSONNumber) {
        comma()
        bytes.append(contentsOf: value.text.utf8)
    }

    /// A truth value.
    package mutating func bool(_ flag: Bool) {
        comma()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    /// `null`.
    package mutating func null() {
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A value that is JSON already; it is not checked.
    package mutating func raw(_ json: some Collection<UInt8>) {
        comma()
        bytes.append(contentsOf: json)
    }

    /// A tree.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .number(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    // MARK: Members

    /// A member with a string, left out when there is none.
    package mutating func field(_ name: String, _ text: String?) {
        guard let text else { return }
        key(name)
        string(text)
    }

    /// A member with a whole number, left out when there is none.
    package mutating func field(_ name: String, _ value: (some BinaryInteger)?) {
        guard let value else { return }
        key(name)
        int(value)
    }

    /// A member with a truth value, left out when there is none.
    package mutating func field(_ name: String, _ flag: Bool?) {
        guard let flag else { return }
        key(name)
        bool(flag)
    }

    /// A member with a fraction, left out when there is none.
    package mutating func field(_ name: String, _ value: Double?) {
        guard let value else { return }
        key(name)
        double(value)
    }

    /// A member with a tree, left out when there is none.
    package mutating func field(_ name: String, _ tree: JSONValue?) {
        guard let tree else { return }
        key(name)
        value(tree)
    }

    /// A member whose value is JSON already; it is not checked.
    package mutating func field(_ name: String, raw json: some Collection<UInt8>) {
        key(name)
        raw(json)
    }

    /// Text as a JSON string, quotes included; for splicing.
    package static func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter(reserving: text.utf8.count + 2)
        writer.string(text)
        return writer.bytes
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            while start < utf8.count {
                let rest = unsafe UnsafeBufferPointer(rebasing: utf8[start...])
                let plain = unsafe sbjson_plain_prefix(rest.baseAddress, rest.count)
                unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: rest[..<plain]))
                start += plain
                if start < utf8.count {
                    unsafe escape(utf8[start])
                    start += 1
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 15] {
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
