import JSON

/// The members of one object of a snapshot, read by name and type; knows its place for messages.
///
/// Members are looked for from where the last one was found, since they come in the order in which they are asked for.
struct SnapshotFields {
    private let document: JSONDocument
    private let path: String
    private let count: Int
    private let first: Int
    /// The next member to look at, and the place of its key.
    private var next = 0
    private var key: Int

    init(_ document: JSONDocument, _ place: Int, _ path: String) throws(SnapshotJSONError) {
        guard document.kind(place) == .object else { throw Self.wrong(document, place, "an object", path) }
        self.document = document
        self.path = path
        count = document.count(place)
        first = place + 1
        key = first
    }

    mutating func text(_ key: String) throws(SnapshotJSONError) -> String {
        try Self.text(document, try member(key), self.place(key))
    }

    mutating func int(_ key: String) throws(SnapshotJSONError) -> Int {
        try Self.int(document, try member(key), self.place(key))
    }

    mutating func flag(_ key: String) throws(SnapshotJSONError) -> Bool {
        let value = try member(key)
        guard let flag = document.bool(value) else { throw Self.wrong(document, value, "a boolean", place(key)) }
        return flag
    }

    mutating func fraction(_ key: String) throws(SnapshotJSONError) -> Double {
        let value = try member(key)
        guard let number = document.number(value)?.double else {
            throw Self.wrong(document, value, "a number", place(key))
        }
        return number
    }

    mutating func texts(_ key: String) throws(SnapshotJSONError) -> [String] { try rows(key, Self.text) }

    mutating func mapping(_ key: String) throws(SnapshotJSONError) -> [String: String] {
        let value = try member(key)
        guard document.kind(value) == .object else { throw Self.wrong(document, value, "an object", place(key)) }
        var mapping: [String: String] = [:]
        mapping.reserveCapacity(document.count(value))
        var name = value + 1
        for _ in 0..<document.count(value) {
            mapping[try Self.text(document, name, place(key))] = try Self.text(document, name + 1, place(key))
            name = document.after(name + 1)
        }
        return mapping
    }

    mutating func rows<Row>(
        _ key: String, _ read: (JSONDocument, Int, String) throws(SnapshotJSONError) -> Row
    ) throws(SnapshotJSONError) -> [Row] {
        let value = try member(key)
        guard document.kind(value) == .array else { throw Self.wrong(document, value, "an array", place(key)) }
        var rows: [Row] = []
        rows.reserveCapacity(document.count(value))
        var element = value + 1
        for index in 0..<document.count(value) {
            do throws(SnapshotJSONError) {
                rows.append(try read(document, element, ""))
            } catch {
                // The place is put together only when there is something to say.
                let inner = error.path.isEmpty || error.path.hasPrefix("[") ? error.path : ".\(error.path)"
                throw SnapshotJSONError(path: "\(place(key))[\(index)]\(inner)", reason: error.reason)
            }
            element = document.after(element)
        }
        return rows
    }

    /// Whether a member is there and not null: those of later versions may be missing.
    mutating func has(_ key: String) -> Bool { find(key).map { document.kind($0) != .null } ?? false }

    static func text(_ document: JSONDocument, _ place: Int, _ path: String) throws(SnapshotJSONError) -> String {
        guard let text = document.string(place) else { throw wrong(document, place, "a string", path) }
        return text
    }

    static func int(_ document: JSONDocument, _ place: Int, _ path: String) throws(SnapshotJSONError) -> Int {
        guard let number = document.number(place)?.int else { throw wrong(document, place, "a whole number", path) }
        return number
    }

    /// The place of a member's value, which is looked at next when it is found.
    private mutating func find(_ name: String) -> Int? {
        for _ in 0..<count {
            if next == count { (next, key) = (0, first) }
            if document.isString(key, name) { return key + 1 }
            key = document.after(key + 1)
            next += 1
        }
        return nil
    }

    private mutating func member(_ key: String) throws(SnapshotJSONError) -> Int {
        guard let value = find(key) else { throw SnapshotJSONError(path: place(key), reason: "missing") }
        return value
    }

    private func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func wrong(
        _ document: JSONDocument, _ place: Int, _ expected: String, _ path: String
    ) -> SnapshotJSONError {
        SnapshotJSONError(path: path, reason: "\(document.kind(place).phrase) where \(expected) is expected")
    }
}
