import JSON

/// The members of one object of a snapshot, read by name and type; knows its place for messages.
struct SnapshotFields {
    private let object: JSONObject
    private let path: String

    init(_ value: JSONValue, _ path: String) throws(SnapshotJSONError) {
        guard let object = value.object else { throw Self.wrong(value, "an object", path) }
        self.object = object
        self.path = path
    }

    func text(_ key: String) throws(SnapshotJSONError) -> String { try Self.text(try member(key), place(key)) }

    func int(_ key: String) throws(SnapshotJSONError) -> Int { try Self.int(try member(key), place(key)) }

    func flag(_ key: String) throws(SnapshotJSONError) -> Bool {
        let value = try member(key)
        guard let flag = value.bool else { throw Self.wrong(value, "a boolean", place(key)) }
        return flag
    }

    func fraction(_ key: String) throws(SnapshotJSONError) -> Double {
        let value = try member(key)
        guard let number = value.double else { throw Self.wrong(value, "a number", place(key)) }
        return number
    }

    func texts(_ key: String) throws(SnapshotJSONError) -> [String] { try rows(key, Self.text) }

    func mapping(_ key: String) throws(SnapshotJSONError) -> [String: String] {
        let value = try member(key)
        guard let object = value.object else { throw Self.wrong(value, "an object", place(key)) }
        var mapping: [String: String] = [:]
        for member in object.members { mapping[member.key] = try Self.text(member.value, place(key)) }
        return mapping
    }

    func rows<Row>(
        _ key: String, _ read: (JSONValue, String) throws(SnapshotJSONError) -> Row
    ) throws(SnapshotJSONError) -> [Row] {
        let value = try member(key)
        guard let elements = value.array else { throw Self.wrong(value, "an array", place(key)) }
        var rows: [Row] = []
        rows.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            do throws(SnapshotJSONError) {
                rows.append(try read(element, ""))
            } catch {
                // The place is put together only when there is something to say.
                let inner = error.path.isEmpty || error.path.hasPrefix("[") ? error.path : ".\(error.path)"
                throw SnapshotJSONError(path: "\(place(key))[\(index)]\(inner)", reason: error.reason)
            }
        }
        return rows
    }

    /// Whether a member is there and not null: those of later versions may be missing.
    func has(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }

    static func text(_ value: JSONValue, _ path: String) throws(SnapshotJSONError) -> String {
        guard let text = value.string else { throw wrong(value, "a string", path) }
        return text
    }

    static func int(_ value: JSONValue, _ path: String) throws(SnapshotJSONError) -> Int {
        guard let number = value.int else { throw wrong(value, "a whole number", path) }
        return number
    }

    private func member(_ key: String) throws(SnapshotJSONError) -> JSONValue {
        guard let value = object[key] else { throw SnapshotJSONError(path: place(key), reason: "missing") }
        return value
    }

    private func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func wrong(_ value: JSONValue, _ expected: String, _ path: String) -> SnapshotJSONError {
        SnapshotJSONError(path: path, reason: "\(value.kind.phrase) where \(expected) is expected")
    }
}
