/// The members of an object in the order written.
///
/// A key that is given twice keeps its first place and its last value. Lookups are linear while there are few members
/// and hashed when there are many, so an object with a hundred thousand keys costs no quadratic time.
package struct JSONObject: Sendable {
    /// One member.
    package struct Member: Sendable {
        /// The name, unescaped.
        package let key: String
        /// What it holds.
        package var value: JSONValue
    }

    private static let linearLimit = 12

    /// The members in order; every key once.
    package private(set) var members: [Member]
    private var places: [String: Int]?

    /// An object without members.
    package init() {
        members = []
    }

    /// An object with room for a known number of members.
    package init(reserving count: Int) {
        members = []
        members.reserveCapacity(count)
    }

    /// How many members there are.
    package var count: Int { members.count }

    /// Whether there are no members.
    package var isEmpty: Bool { members.isEmpty }

    /// The keys in order.
    package var keys: [String] { members.map(\.key) }

    /// The value of a member; setting replaces it in place or appends it, setting nil removes it.
    package subscript(key: String) -> JSONValue? {
        get { place(of: key).map { members[$0].value } }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil):
                members.remove(at: place)
                places = nil
                indexIfLarge()
            case (nil, let value?):
                members.append(Member(key: key, value: value))
                if places != nil { places?[key] = members.count - 1 } else { indexIfLarge() }
            case (nil, nil): break
            }
        }
    }

    private func place(of key: String) -> Int? {
        guard let places else { return members.firstIndex { $0.key == key } }
        return places[key]
    }

    private mutating func indexIfLarge() {
        guard members.count > Self.linearLimit else { return }
        var places: [String: Int] = [:]
        places.reserveCapacity(members.count * 2)
        for (place, member) in members.enumerated() { places[member.key] = place }
        self.places = places
    }
}

extension JSONObject: Equatable {
    /// Equal when both have the same keys with equal values; the order does not matter, as JSON says.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object from a literal, in the order written.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(reserving: elements.count)
        for (key, value) in elements { self[key] = value }
    }
}
