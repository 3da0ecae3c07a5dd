import CSimdJSON

/// The places of many wanted members, found in one walk over the text; for records with more keys than a ``JSONScan`` takes.
///
/// Keep one and fill it again and again. One thread at a time.
package final class JSONFieldTable {
    private let keys: JSONKeys
    private var found: [sbjson_member]

    /// A table for these keys, not filled yet.
    package init(_ keys: JSONKeys) {
        self.keys = keys
        found = Array(repeating: sbjson_member(), count: keys.count)
    }

    /// The member with the key at this place of the set; nil when the object has none. Of a key given twice it is the last.
    package subscript(_ place: Int) -> JSONField? {
        let member = found[place]
        guard member.occurrences > 0 else { return nil }
        return JSONField(
            kind: JSONKind(rawValue: member.kind) ?? .null, range: Int(member.start)..<Int(member.end),
            keyRange: Int(member.key_start)..<Int(member.key_end), occurrences: Int(member.occurrences))
    }

    func fill(_ parser: OpaquePointer, _ text: UnsafeRawBufferPointer) -> sbjson_result {
        unsafe found.withUnsafeMutableBufferPointer { out in
            unsafe keys.withKeys { wanted, count in
                unsafe sbjson_scan(parser, text.baseAddress, text.count, wanted, count, out.baseAddress)
            }
        }
    }
}
