import InferenceModel
import JSON

/// The members of an object of a caller's request, under their names in either case of Google's (`inlineData`, `inline_data`); a wrong kind names the member.
struct GeminiFields {
    let object: JSONObject
    /// Where the object stands, as `contents[0].parts[1]`; empty for the body.
    let place: String

    init(_ object: JSONObject, _ place: String) {
        self.object = object
        self.place = place
    }

    /// Where a member stands.
    func path(_ name: String) -> String {
        place.isEmpty ? name : "\(place).\(name)"
    }

    /// A member that is there and not `null`.
    func value(_ name: String, _ snake: String? = nil) -> JSONValue? {
        if let value = object[name], !value.isNull { return value }
        guard let snake, let value = object[snake], !value.isNull else { return nil }
        return value
    }

    func string(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> String? {
        guard let value = value(name, snake) else { return nil }
        guard let text = value.string else { throw fault(name, "must be a string, not \(value.kind.phrase)") }
        return text
    }

    func bool(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> Bool? {
        guard let value = value(name, snake) else { return nil }
        guard let flag = value.bool else { throw fault(name, "must be a boolean, not \(value.kind.phrase)") }
        return flag
    }

    /// A whole number; Google also takes one in a string.
    func int(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> Int? {
        guard let value = value(name, snake) else { return nil }
        guard let number = value.int ?? value.string.flatMap({ Int($0) }) else {
            throw fault(name, "must be a whole number")
        }
        return number
    }

    /// A number; Google also takes one in a string.
    func number(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> JSONNumber? {
        guard let value = value(name, snake) else { return nil }
        if case .number(let number) = value { return number }
        guard let text = value.string, case .number(let number)? = try? JSONValue.parse(Array(text.utf8)) else {
            throw fault(name, "must be a number, not \(value.kind.phrase)")
        }
        return number
    }

    func fields(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> GeminiFields? {
        guard let value = value(name, snake) else { return nil }
        guard let object = value.object else { throw fault(name, "must be an object, not \(value.kind.phrase)") }
        return GeminiFields(object, path(name))
    }

    /// The objects of an array, or a single object where one may stand for an array of one; `nil` when there is no such member.
    func list(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> [GeminiFields]? {
        guard let value = value(name, snake) else { return nil }
        if let object = value.object { return [GeminiFields(object, path(name))] }
        guard let elements = value.array else { throw fault(name, "must be an array, not \(value.kind.phrase)") }
        var found: [GeminiFields] = []
        found.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let object = element.object else {
                throw fault("\(name)[\(index)]", "must be an object, not \(element.kind.phrase)")
            }
            found.append(GeminiFields(object, "\(path(name))[\(index)]"))
        }
        return found
    }

    /// The texts of an array, or a single one; empty when there is no such member.
    func strings(_ name: String, _ snake: String? = nil) throws(InvalidRequest) -> [String] {
        guard let value = value(name, snake) else { return [] }
        if let text = value.string { return [text] }
        guard let elements = value.array else { throw fault(name, "must be an array, not \(value.kind.phrase)") }
        var found: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string else {
                throw fault("\(name)[\(index)]", "must be a string, not \(element.kind.phrase)")
            }
            found.append(text)
        }
        return found
    }

    /// The members whose names are none of these.
    func others(_ known: Set<String>) -> JSONObject {
        var rest = JSONObject()
        for member in object.members where !known.contains(member.key) { rest[member.key] = member.value }
        return rest
    }

    /// A fault of a member.
    func fault(_ name: String, _ what: String) -> InvalidRequest {
        InvalidRequest(message: "'\(path(name))' \(what)", field: path(name))
    }
}
