import CSimdJSON

/// Where one member of an object stands in its text.
package struct JSONMember: Equatable, Sendable {
    /// The name, unescaped.
    package let key: String
    /// The kind of the value.
    package let kind: JSONKind
    /// The bytes of the key, quotes included.
    package let keyRange: Range<Int>
    /// The bytes of the value; of a string with its quotes, of a container with its brackets.
    package let range: Range<Int>

    /// The bytes from the key's first quote to the value's end.
    package var memberRange: Range<Int> { keyRange.lowerBound..<range.upperBound }
}

/// The members of one object and their places, from ``JSONParser/members(of:in:)``: what a pass-through needs to read
/// a few values and to edit the text without building a tree.
///
/// A key that is given twice is listed twice in ``members``; lookups answer with the last, as most readers do.
package struct JSONObjectIndex: Sendable {
    private static let linearLimit = 12

    /// The text that was read; ranges count from its start.
    package let bytes: [UInt8]
    /// The members in order, duplicates included.
    package let members: [JSONMember]
    /// The bytes of the object, braces included.
    package let range: Range<Int>
    private let places: [String: Int]?

    init(bytes: [UInt8], members: [JSONMember], range: Range<Int>) {
        self.bytes = bytes
        self.members = members
        self.range = range
        guard members.count > Self.linearLimit else {
            places = nil
            return
        }
        var places: [String: Int] = [:]
        places.reserveCapacity(members.count)
        for (place, member) in members.enumerated() { places[member.key] = place }
        self.places = places
    }

    /// The last member with this key.
    package subscript(_ key: String) -> JSONMember? {
        guard let places else { return members.last { $0.key == key } }
        return places[key].map { members[$0] }
    }

    /// Whether some key is given twice.
    package var hasDuplicates: Bool {
        if let places { return places.count < members.count }
        return members.indices.contains { place in members[..<place].contains { $0.key == members[place].key } }
    }

    /// The bytes of a value as they stand.
    package func bytes(of member: JSONMember) -> ArraySlice<UInt8> {
        bytes[member.range]
    }

    /// The bytes of a value as they stand; nil when there is no such member.
    package func bytes(of key: String) -> ArraySlice<UInt8>? {
        self[key].map { bytes[$0.range] }
    }

    /// The text of a string member; nil when it is missing or `null`.
    ///
    /// - Throws: `wrongKind` for any other kind.
    package func string(_ key: String) throws(JSONError) -> String? {
        try present(key, .string).map { JSONDecode.string(bytes, $0.range) }
    }

    /// The truth value of a member; nil when it is missing or `null`.
    ///
    /// - Throws: `wrongKind` for any other kind.
    package func bool(_ key: String) throws(JSONError) -> Bool? {
        try present(key, .bool).map { bytes[$0.range.lowerBound] == UInt8(ascii: "t") }
    }

    /// The whole number of a member; nil when it is missing or `null`. `12.0` and `1e3` are whole numbers.
    ///
    /// - Throws: `wrongKind` for any other kind, `notAnInteger` for a fraction or a number out of range.
    package func int(_ key: String) throws(JSONError) -> Int? {
        guard let member = try present(key, .number) else { return nil }
        guard let value = JSONDecode.number(bytes, member.range).int else { throw .notAnInteger(key: key) }
        return value
    }

    /// The number of a member as it was written; nil when it is missing or `null`.
    ///
    /// - Throws: `wrongKind` for any other kind.
    package func number(_ key: String) throws(JSONError) -> JSONNumber? {
        try present(key, .number).map { JSONDecode.number(bytes, $0.range) }
    }

    private func present(_ key: String, _ expected: JSONKind) throws(JSONError) -> JSONMember? {
        guard let member = self[key], member.kind != .null else { return nil }
        guard member.kind == expected else { throw .wrongKind(key: key, expected: expected, found: member.kind) }
        return member
    }
}
