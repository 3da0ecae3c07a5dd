import JSON

extension Malformed {
    /// A value of a wrong kind.
    static func wrong(_ value: JSONValue, _ wanted: String, at path: String) -> Malformed {
        Malformed(path, "must be \(wanted), not \(value.kind.phrase)")
    }

    /// Runs a reading whose faults are named from inside a member; the name costs nothing while all is well.
    static func inside<Value>(
        _ outer: @autoclosure () -> String, _ read: () throws(Malformed) -> Value
    ) throws(Malformed) -> Value {
        do throws(Malformed) {
            return try read()
        } catch {
            throw error.inside(outer())
        }
    }
}

extension JSONObject {
    /// A text that must be there; it may be empty.
    func needed(_ key: String) throws(Malformed) -> String {
        guard let text = try text(key) else { throw Malformed(key, "is missing") }
        return text
    }
}
