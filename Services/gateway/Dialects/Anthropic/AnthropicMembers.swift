import InferenceModel
import JSON

// Reading members of a caller's objects; a member of a wrong type is the caller's fault and named.

extension InvalidRequest {
    /// A fault of one member.
    init(_ message: String, at field: String) {
        self.init(message: message, field: field)
    }

    /// A value of a wrong type.
    static func wrong(_ value: JSONValue, _ wanted: String, at field: String) -> InvalidRequest {
        InvalidRequest("must be \(wanted), not \(value.kind.phrase)", at: field)
    }

    /// The same fault, seen from the object around it.
    func inside(_ outer: String) -> InvalidRequest {
        InvalidRequest(message: message, field: field.map { $0.isEmpty ? outer : "\(outer).\($0)" } ?? outer)
    }

    /// Runs a reading whose faults are named from inside a member; the name costs nothing while all is well.
    static func inside<Value>(
        _ outer: @autoclosure () -> String, _ read: () throws(InvalidRequest) -> Value
    ) throws(InvalidRequest) -> Value {
        do throws(InvalidRequest) {
            return try read()
        } catch {
            throw error.inside(outer())
        }
    }
}

extension JSONValue {
    /// The members of an object.
    func members() throws(InvalidRequest) -> JSONObject {
        guard let object else { throw InvalidRequest.wrong(self, "an object", at: "") }
        return object
    }
}

extension JSONObject {
    private func present<Value>(
        _ key: String, _ wanted: String, _ read: (JSONValue) -> Value?
    ) throws(InvalidRequest) -> Value? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let found = read(value) else { throw InvalidRequest.wrong(value, wanted, at: key) }
        return found
    }

    func string(_ key: String) throws(InvalidRequest) -> String? { try present(key, "a string", \.string) }
    func bool(_ key: String) throws(InvalidRequest) -> Bool? { try present(key, "a boolean", \.bool) }
    func object(_ key: String) throws(InvalidRequest) -> JSONObject? { try present(key, "an object", \.object) }
    func array(_ key: String) throws(InvalidRequest) -> [JSONValue]? { try present(key, "an array", \.array) }
    func integer(_ key: String) throws(InvalidRequest) -> Int? { try present(key, "a whole number", \.int) }

    func number(_ key: String) throws(InvalidRequest) -> JSONNumber? {
        try present(key, "a number") { value in
            if case .number(let number) = value { number } else { nil }
        }
    }

    /// A string that must be there.
    func needed(_ key: String) throws(InvalidRequest) -> String {
        guard let text = try string(key) else { throw InvalidRequest("this field is required", at: key) }
        return text
    }
}
