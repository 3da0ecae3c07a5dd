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
    package mutating func int(_ value: Int) {
        comma()
        digits(Int64(value))
    }

    /// A whole number.
    package mutating func int(_ value: Int64) {
        comma()
        digits(value)
    }

    /// A whole number of any other width.
    package mutating func int(_ value: some BinaryInteger) {
        comma()
        if let value = Int64(exactly: value) {
            digits(value)
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
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
    package mutating func field(_ name: String, _ value: Int?) {
        guard let value else { return }
        key(name)
        int(value)
    }

    /// A member with a whole number, left out when there is none.
    package mutating func field(_ name: String, _ value: Int64?) {
        guard let value else { return }
        key(name)
        int(value)
    }

    /// A member with a whole number of any other width, left out when there is none.
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

    /// Appends text as a JSON string, quotes included, to bytes that are written by hand.
    package static func append(quoted text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            let plain = unsafe sbjson_plain_prefix(utf8.baseAddress, utf8.count)
            bytes.append(UInt8(ascii: "\""))
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[..<plain]))
            if plain < utf8.count {
                let rest = unsafe UnsafeBufferPointer(rebasing: utf8[plain...])
                let size = unsafe sbjson_escaped_size(rest.baseAddress, rest.count)
                bytes.append(addingCapacity: size) { output in
                    unsafe output.withUnsafeMutableBufferPointer { target, count in
                        unsafe count = sbjson_escape(rest.baseAddress, rest.count, target.baseAddress)
                    }
                }
            }
            bytes.append(UInt8(ascii: "\""))
        }
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

    /// The digits of a number without a detour over a String, which costs five times as much.
    private mutating func digits(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var buffer = InlineArray<20, UInt8>(repeating: 0)
        var start = 20
        repeat {
            start -= 1
            buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        for place in start..<20 { bytes.append(buffer[place]) }
    }

    private mutating func quoted(_ text: String) {
        Self.append(quoted: text, to: &bytes)
    }
}
