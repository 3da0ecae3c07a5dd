import CSimdJSON

/// Keys to look for in many small objects, prepared once: up to eight for a ``JSONScan``, up to 32 for a ``JSONFieldTable``.
///
/// Keep one in a `static let`, and name the places: `static let chunkKeys = JSONKeys("model", "usage")`, then
/// `scan[0]` is `model`.
@safe
package final class JSONKeys: Sendable {
    /// Most keys in one set.
    package static let limit = 32

    // SAFETY: written in init only, read-only afterwards, freed in deinit.
    nonisolated(unsafe) private let storage: UnsafeMutableBufferPointer<UInt8>
    // SAFETY: as above.
    nonisolated(unsafe) private let keys: UnsafeMutableBufferPointer<sbjson_key>

    /// A set of keys; the order is that of the results.
    package convenience init(_ names: String...) {
        self.init(names)
    }

    /// The same from an array.
    package init(_ names: [String]) {
        precondition(names.count <= Self.limit, "at most \(Self.limit) keys")
        let joined = names.flatMap { Array($0.utf8) }
        unsafe storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(joined.count, 1))
        _ = unsafe storage.initialize(from: joined)
        unsafe keys = UnsafeMutableBufferPointer<sbjson_key>.allocate(capacity: max(names.count, 1))
        unsafe keys.initialize(repeating: sbjson_key(bytes: nil, length: 0))
        var offset = 0
        for (place, name) in names.enumerated() {
            let start = unsafe UnsafeRawPointer(storage.baseAddress?.advanced(by: offset))?
                .assumingMemoryBound(to: CChar.self)
            unsafe keys[place] = sbjson_key(bytes: start, length: UInt32(name.utf8.count))
            offset += name.utf8.count
        }
        count = names.count
    }

    deinit {
        unsafe storage.deallocate()
        unsafe keys.deallocate()
    }

    /// How many keys there are.
    package let count: Int

    func withKeys<Result>(_ body: (UnsafePointer<sbjson_key>?, Int) -> Result) -> Result {
        unsafe body(UnsafePointer(keys.baseAddress), count)
    }
}

/// Where a wanted member stands in its text.
package struct JSONField: Equatable, Sendable {
    /// The kind of the value.
    package let kind: JSONKind
    /// The bytes of the value; of a string with its quotes, of a container with its brackets.
    package let range: Range<Int>
    /// The bytes of the key, quotes included.
    package let keyRange: Range<Int>
    /// How often the key stands in the object; an edit of this range alone is right only when it is 1.
    package let occurrences: Int
}

/// The places of the wanted members in one object.
package struct JSONScan: Sendable {
    /// Most keys of one scan; the places are kept in the value itself.
    static let limit = 8

    private var found = InlineArray<8, sbjson_member>(repeating: sbjson_member())

    init() {}

    /// The member with the key at this place of the set; nil when the object has none.
    package subscript(_ place: Int) -> JSONField? {
        let member = found[place]
        guard member.occurrences > 0 else { return nil }
        return JSONField(
            kind: JSONKind(rawValue: member.kind) ?? .null, range: Int(member.start)..<Int(member.end),
            keyRange: Int(member.key_start)..<Int(member.key_end), occurrences: Int(member.occurrences))
    }

    mutating func fill(_ parser: OpaquePointer, _ text: UnsafeRawBufferPointer, _ keys: JSONKeys) -> sbjson_result {
        var members = found.mutableSpan
        return unsafe members.withUnsafeMutableBufferPointer { out in
            unsafe keys.withKeys { wanted, count in
                unsafe sbjson_scan(parser, text.baseAddress, text.count, wanted, count, out.baseAddress)
            }
        }
    }
}

extension JSONField {
    /// The text of a string; nil for other kinds. `bytes` is the part that was scanned.
    package func string(in bytes: [UInt8], from base: Int = 0) -> String? {
        guard kind == .string else { return nil }
        return JSONDecode.string(bytes, range.lowerBound + base..<range.upperBound + base)
    }

    /// The whole number; nil for other kinds, fractions and numbers out of range.
    package func int(in bytes: [UInt8], from base: Int = 0) -> Int? {
        guard kind == .number else { return nil }
        return JSONDecode.number(bytes, range.lowerBound + base..<range.upperBound + base).int
    }

    /// The truth value; nil for other kinds.
    package func bool(in bytes: [UInt8], from base: Int = 0) -> Bool? {
        guard kind == .bool else { return nil }
        return bytes[range.lowerBound + base] == UInt8(ascii: "t")
    }
}
