import InferenceModel
import JSON

/// A member of a request that is not as it must be. Its place is told from the inside out, so that nothing is built while all is well.
struct Malformed: Error, Equatable {
    /// Such as `messages[2].content[0].type`; empty for the value itself.
    var path: String
    /// What is wrong, as a clause whose subject is the member: `must be a string, not a number`.
    let clause: String

    init(_ path: String, _ clause: String) {
        self.path = path
        self.clause = clause
    }

    /// The same, seen from a container in which the value stands under this name or index (`tools`, `[3]`).
    func inside(_ outer: String) -> Malformed {
        let joint = path.isEmpty || path.hasPrefix("[") ? "" : "."
        return Malformed(outer + joint + path, clause)
    }

    /// The fault as the caller reads it.
    var invalidRequest: InvalidRequest {
        InvalidRequest(message: "'\(path)' \(clause)", field: path)
    }
}

/// Members of a request by kind. A member that is missing or `null` is `nil`; one of another kind is malformed.
extension JSONObject {
    private func member(_ key: String, _ kind: JSONKind) throws(Malformed) -> JSONValue? {
        guard let value = self[key], !value.isNull else { return nil }
        guard value.kind == kind else { throw Malformed(key, "must be \(kind.phrase), not \(value.kind.phrase)") }
        return value
    }

    func text(_ key: String) throws(Malformed) -> String? { try member(key, .string)?.string }

    func flag(_ key: String) throws(Malformed) -> Bool? { try member(key, .bool)?.bool }

    func list(_ key: String) throws(Malformed) -> [JSONValue]? { try member(key, .array)?.array }

    func members(_ key: String) throws(Malformed) -> JSONObject? { try member(key, .object)?.object }

    func number(_ key: String) throws(Malformed) -> JSONNumber? {
        guard case .number(let number)? = try member(key, .number) else { return nil }
        return number
    }

    /// A whole number, not below `minimum`.
    func whole(_ key: String, from minimum: Int = .min) throws(Malformed) -> Int? {
        guard let number = try number(key) else { return nil }
        guard let value = number.int else { throw Malformed(key, "must be a whole number") }
        guard value >= minimum else { throw Malformed(key, "must be at least \(minimum)") }
        return value
    }

    /// A text that must be there and not be empty.
    func requiredText(_ key: String) throws(Malformed) -> String {
        guard let text = try text(key) else { throw Malformed(key, "is missing") }
        guard !text.isEmpty else { throw Malformed(key, "must not be empty") }
        return text
    }

    /// A list of texts.
    func texts(_ key: String) throws(Malformed) -> [String]? {
        guard let list = try list(key) else { return nil }
        var texts: [String] = []
        texts.reserveCapacity(list.count)
        for (place, value) in list.enumerated() {
            guard let text = value.string else {
                throw Malformed("\(key)[\(place)]", "must be a string, not \(value.kind.phrase)")
            }
            texts.append(text)
        }
        return texts
    }
}

extension JSONValue {
    /// The members of an element that must be an object.
    func requiredObject() throws(Malformed) -> JSONObject {
        guard let object else { throw Malformed("", "must be an object, not \(kind.phrase)") }
        return object
    }
}
