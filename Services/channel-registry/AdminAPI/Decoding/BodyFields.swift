import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// The members of one object in a request body, read one by one with errors that name the member.
///
/// An absent member and `null` are both "not given" (``ChannelBody`` alone tells them apart); unknown members are ignored, and a name that differs
/// only in case is taken when the exact one is missing, as the reference does (contract admin-api §1.3).
struct BodyFields {
    private let object: JSONObject
    /// What stands before a member's name in messages: `[2].` in an array.
    let place: String

    init(_ object: JSONObject, place: String = "") {
        self.object = object
        self.place = place
    }

    /// The body of a request that must be an object.
    init(body: [UInt8]) throws(AdminFailure) {
        self.init(try BodyValue.object(try BodyValue.parse(body), at: "body"))
    }

    /// The value of a member; `nil` when it is absent, `.null` when it is null.
    func value(_ name: String) -> JSONValue? {
        if let value = object[name] { return value }
        return object.members.first { $0.key.lowercased() == name }?.value
    }

    /// A failure that names a member.
    func fault(_ name: String, _ reason: String) -> AdminFailure {
        AdminFailure(.badRequest, "\(place)\(name): \(reason)")
    }

    /// A text of at most `limit` characters.
    func string(_ name: String, limit: Int? = nil) throws(AdminFailure) -> String? {
        guard let value = given(name) else { return nil }
        guard let text = value.string else { throw wrongKind(name, "a string", value) }
        try checkText(name, text)
        if let limit, text.unicodeScalars.count > limit {
            throw fault(name, "longer than \(limit) characters")
        }
        return text
    }

    /// A whole number in a range.
    func int(_ name: String, in range: ClosedRange<Int>) throws(AdminFailure) -> Int? {
        guard let value = given(name) else { return nil }
        guard let number = value.int else { throw wrongKind(name, "an integer", value) }
        guard range.contains(number) else {
            throw fault(name, "expected an integer from \(range.lowerBound) to \(range.upperBound), got \(number)")
        }
        return number
    }

    /// A number that is not negative.
    func double(_ name: String, upTo limit: Double) throws(AdminFailure) -> Double? {
        try double(name, in: 0...limit)
    }

    /// A number in a range.
    func double(_ name: String, in range: ClosedRange<Double>) throws(AdminFailure) -> Double? {
        guard let value = given(name) else { return nil }
        guard case .number(let number) = value, let double = number.double else {
            throw wrongKind(name, "a number", value)
        }
        guard range.contains(double) else {
            let (least, most) = (BodyValue.text(range.lowerBound), BodyValue.text(range.upperBound))
            throw fault(name, "expected a number from \(least) to \(most), got \(number.text)")
        }
        return double
    }

    /// A truth value.
    func bool(_ name: String) throws(AdminFailure) -> Bool? {
        guard let value = given(name) else { return nil }
        guard let flag = value.bool else { throw wrongKind(name, "a boolean", value) }
        return flag
    }

    /// A list of texts, trimmed, without empty and repeated ones.
    func names(_ name: String) throws(AdminFailure) -> [String]? {
        guard let value = given(name) else { return nil }
        guard let elements = value.array else { throw wrongKind(name, "an array of strings", value) }
        var seen: Set<String> = []
        var names: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string else { throw wrongKind("\(name)[\(index)]", "a string", element) }
            try checkText("\(name)[\(index)]", text)
            let trimmed = text.trimmed
            if !trimmed.isEmpty, seen.insert(trimmed).inserted { names.append(trimmed) }
        }
        return names
    }

    /// An object whose values are all texts, as JSON text.
    func stringMap(_ name: String) throws(AdminFailure) -> String? {
        guard let value = given(name) else { return nil }
        guard let members = value.object else { throw wrongKind(name, "an object of strings", value) }
        for member in members.members where member.value.string == nil {
            throw wrongKind("\(name).\(member.key)", "a string", member.value)
        }
        return String(decoding: value.serialized(), as: UTF8.self)
    }

    /// Any object as JSON text, empty when it has no members.
    func object(_ name: String) throws(AdminFailure) -> String? {
        guard let value = given(name) else { return nil }
        guard let members = value.object else { throw wrongKind(name, "an object", value) }
        return members.isEmpty ? "" : String(decoding: value.serialized(), as: UTF8.self)
    }

    /// A list of texts exactly as they are written, each once.
    func texts(_ name: String) throws(AdminFailure) -> [String]? {
        guard let value = given(name) else { return nil }
        return try BodyValue.texts(value, at: place + name)
    }

    /// A list of ids, each once.
    func ids(_ name: String) throws(AdminFailure) -> [Int] {
        guard let value = given(name) else { throw fault(name, "missing; expected an array of integers") }
        return try BodyValue.ids(value, at: place + name)
    }

    /// The failure for a member of the wrong kind.
    func wrongKind(_ name: String, _ expected: String, _ found: JSONValue) -> AdminFailure {
        BodyValue.wrongKind(place + name, expected, found)
    }

    private func given(_ name: String) -> JSONValue? {
        guard let value = value(name), !value.isNull else { return nil }
        return value
    }

    private func checkText(_ name: String, _ text: String) throws(AdminFailure) {
        if text.utf8.contains(0) { throw fault(name, "must not contain a NUL character") }
    }
}

/// Reads whole bodies and the values in them.
enum BodyValue {
    /// How many ids or channels one request may carry.
    static let maxElements = 10_000

    /// The JSON value of a body.
    static func parse(_ body: [UInt8]) throws(AdminFailure) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(body)
        } catch {
            throw AdminFailure(.badRequest, "the request body is not valid JSON: \(error.message)")
        }
    }

    /// The value as an object.
    static func object(_ value: JSONValue, at place: String) throws(AdminFailure) -> JSONObject {
        guard let object = value.object else { throw wrongKind(place, "an object", value) }
        return object
    }

    /// The value as an array of bounded length.
    static func array(_ value: JSONValue, of what: String, at place: String) throws(AdminFailure) -> [JSONValue] {
        guard let elements = value.array else { throw wrongKind(place, "an array of \(what)", value) }
        guard elements.count <= maxElements else {
            throw AdminFailure(.badRequest, "\(place): more than \(maxElements) elements")
        }
        return elements
    }

    /// The value as a list of ids, each once.
    static func ids(_ value: JSONValue, at place: String) throws(AdminFailure) -> [Int] {
        var seen: Set<Int> = []
        var ids: [Int] = []
        for (index, element) in try array(value, of: "integers", at: place).enumerated() {
            guard let id = element.int else { throw wrongKind("\(place)[\(index)]", "an integer", element) }
            if seen.insert(id).inserted { ids.append(id) }
        }
        return ids
    }

    /// The value as a list of texts exactly as they are written, each once.
    static func texts(_ value: JSONValue, at place: String) throws(AdminFailure) -> [String] {
        var seen: Set<String> = []
        var texts: [String] = []
        for (index, element) in try array(value, of: "strings", at: place).enumerated() {
            guard let text = element.string else { throw wrongKind("\(place)[\(index)]", "a string", element) }
            if text.utf8.contains(0) {
                throw AdminFailure(.badRequest, "\(place)[\(index)]: must not contain a NUL character")
            }
            if seen.insert(text).inserted { texts.append(text) }
        }
        return texts
    }

    /// A body that is a bare list of ids, or an object with that list in `ids`.
    static func idList(_ body: [UInt8]) throws(AdminFailure) -> [Int] {
        let value = try parse(body)
        if let object = value.object { return try BodyFields(object).ids("ids") }
        return try ids(value, at: "ids")
    }

    /// The failure for a value of the wrong kind: what was expected and what came, never the value of a text.
    static func wrongKind(_ place: String, _ expected: String, _ found: JSONValue) -> AdminFailure {
        let what =
            switch found {
            case .number(let number) where number.text.utf8.count <= 32: number.text
            case .bool(let flag): "\(flag)"
            default: found.kind.phrase
            }
        return AdminFailure(.badRequest, "\(place): expected \(expected), got \(what)")
    }

    /// A number without needless decimals.
    static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}
