import JSON

/// Makes of a JSON schema what Google takes, an OpenAPI subset (contract providers §5.5).
///
/// Bounds: 64 levels and 10 000 schemas after `$ref` was resolved; what lies beyond becomes any object, as a recursion does.
struct GeminiSchema {
    private let root: JSONValue
    private var budget = 10_000
    /// The references that are being resolved; one that is met again is a recursion.
    private var open: [String] = []

    private static let deepest = 64
    private static let anyObject: JSONValue = ["type": "object"]

    private init(_ root: JSONValue) {
        self.root = root
    }

    /// The schema of a function's parameters or of an answer; `nil` for one that asks nothing, which Google refuses.
    static func cleaned(_ schema: JSONValue) -> JSONValue? {
        guard schema.object != nil else { return nil }
        var cleaner = GeminiSchema(schema)
        let clean = cleaner.clean(schema, 0)
        guard clean["type"]?.string == "object", clean["properties"] == nil else { return clean }
        // Not `nil`, which would be a `null` of JSON.
        return .none
    }

    // MARK: One schema

    private mutating func clean(_ schema: JSONValue, _ depth: Int) -> JSONValue {
        budget -= 1
        guard budget >= 0, depth <= Self.deepest else { return Self.anyObject }
        // `true`, and anything that is no schema, stands for any value.
        guard let object = schema.object else { return ["type": "string"] }
        if let reference = object["$ref"]?.string { return resolve(reference, object, depth) }
        if let parts = object["allOf"]?.array, !parts.isEmpty {
            let before = open.count
            defer { open.removeLast(open.count - before) }
            return clean(merged(object, parts, depth), depth + 1)
        }
        if let options = (object["anyOf"] ?? object["oneOf"])?.array, !options.isEmpty {
            return either(options, object, depth)
        }
        if let types = object["type"]?.array { return ofTypes(types, object, depth) }
        return plain(object, depth)
    }

    /// What stands at a reference, with what stands beside it.
    private mutating func resolve(_ reference: String, _ object: JSONObject, _ depth: Int) -> JSONValue {
        guard !open.contains(reference), let target = target(of: reference), target.object != nil else {
            return described(Self.anyObject, object)
        }
        open.append(reference)
        defer { open.removeLast() }
        return described(clean(target, depth + 1), object)
    }

    /// The value that a pointer into this document leads to (RFC 6901).
    private func target(of reference: String) -> JSONValue? {
        guard reference.hasPrefix("#") else { return nil }
        var place: JSONValue? = root
        for part in reference.dropFirst().split(separator: "/") {
            let name = part.replacing("~1", with: "/").replacing("~0", with: "~")
            if let index = Int(name), place?.array != nil {
                place = place?[index]
            } else {
                place = place?[String(name)]
            }
        }
        return place
    }

    /// A schema with the description that stands where it is used.
    private func described(_ schema: JSONValue, _ object: JSONObject) -> JSONValue {
        var schema = schema
        if let text = object["description"], text.string != nil { schema["description"] = text }
        if object["nullable"]?.bool == true { schema["nullable"] = true }
        return schema
    }

    /// One schema that asks what all of them ask. The references that it followed stay open, for the caller to close.
    private mutating func merged(_ object: JSONObject, _ parts: [JSONValue], _ depth: Int) -> JSONValue {
        var whole = object
        whole["allOf"] = nil
        for part in parts {
            var part = part
            while let reference = part["$ref"]?.string {
                guard !open.contains(reference), let target = target(of: reference) else {
                    part = Self.anyObject
                    break
                }
                open.append(reference)
                part = target
            }
            budget -= 1
            guard budget >= 0, depth <= Self.deepest, var members = part.object else { continue }
            if let inner = members["allOf"]?.array { members = merged(members, inner, depth + 1).object ?? members }
            for member in members.members {
                switch member.key {
                case "properties":
                    var all = whole["properties"]?.object ?? JSONObject()
                    for property in member.value.object?.members ?? [] { all[property.key] = property.value }
                    whole["properties"] = .object(all)
                case "required":
                    whole["required"] = .array((whole["required"]?.array ?? []) + (member.value.array ?? []))
                case "description" where whole["description"] != nil: break
                default: whole[member.key] = member.value
                }
            }
        }
        return .object(whole)
    }

    /// One of several; an option `null` makes the rest nullable, and a single one stands for itself.
    private mutating func either(_ options: [JSONValue], _ object: JSONObject, _ depth: Int) -> JSONValue {
        let values = options.filter { !isNull($0) }
        let isNullable = values.count < options.count || object["nullable"]?.bool == true
        var result: JSONValue
        if values.count == 1 {
            result = clean(values[0], depth + 1)
        } else if values.isEmpty {
            result = ["type": "string"]
        } else {
            result = ["anyOf": .array(values.map { clean($0, depth + 1) })]
        }
        if let text = object["description"], text.string != nil { result["description"] = text }
        if isNullable { result["nullable"] = true }
        return result
    }

    private func isNull(_ schema: JSONValue) -> Bool {
        if schema["type"]?.string?.lowercased() == "null" { return true }
        return schema["const"]?.isNull ?? false
    }

    /// A list of types: each becomes a schema of its own, `null` makes the rest nullable.
    private mutating func ofTypes(_ types: [JSONValue], _ object: JSONObject, _ depth: Int) -> JSONValue {
        let options: [JSONValue] = types.compactMap(\.string).map { type in
            var one = object
            one["type"] = .string(type)
            one["description"] = nil
            return .object(one)
        }
        guard !options.isEmpty else { return plain(object, depth) }
        return either(options, object, depth)
    }

    // MARK: A schema of one type

    private mutating func plain(_ object: JSONObject, _ depth: Int) -> JSONValue {
        var out = JSONObject()
        var isNullable = object["nullable"]?.bool == true
        var type = object["type"]?.string?.lowercased() ?? guessedType(object)
        if type == "null" {
            type = "string"
            isNullable = true
        }
        let choices = object["const"].map { [$0] } ?? object["enum"]?.array
        if let choices, !choices.isEmpty {
            if choices.contains(where: \.isNull) { isNullable = true }
            let texts = choices.compactMap(Self.text)
            // Google knows lists of choices for strings only.
            if !texts.isEmpty {
                type = "string"
                out["enum"] = .array(texts.map { .string($0) })
            }
        }
        out["type"] = .string(type)
        for key in Self.keptKeys { if let value = object[key], !value.isNull { out[key] = value } }
        if let format = object["format"]?.string, Self.formats(of: type).contains(format) {
            out["format"] = .string(format)
        }
        if isNullable { out["nullable"] = true }
        switch type {
        case "object": addProperties(object, depth, &out)
        case "array":
            let items = object["items"].map { $0.array?.first ?? $0 } ?? object["prefixItems"]?[0]
            out["items"] = items.map { clean($0, depth + 1) } ?? ["type": "string"]
        default: break
        }
        return .object(out)
    }

    private mutating func addProperties(_ object: JSONObject, _ depth: Int, _ out: inout JSONObject) {
        guard let properties = object["properties"]?.object, !properties.isEmpty else { return }
        var clean = JSONObject(reserving: properties.count)
        for member in properties.members { clean[member.key] = self.clean(member.value, depth + 1) }
        out["properties"] = .object(clean)
        var required: [JSONValue] = []
        for name in object["required"]?.array ?? [] {
            guard let text = name.string, clean[text] != nil, !required.contains(name) else { continue }
            required.append(name)
        }
        if !required.isEmpty { out["required"] = .array(required) }
    }

    /// What is kept as it is, whatever the type.
    private static let keptKeys = [
        "description", "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum",
        "maximum", "pattern", "propertyOrdering",
    ]

    private static func formats(of type: String) -> Set<String> {
        switch type {
        case "string": ["enum", "date-time"]
        case "integer", "number": ["int32", "int64", "float", "double"]
        default: []
        }
    }

    private func guessedType(_ object: JSONObject) -> String {
        if object["properties"] != nil { return "object" }
        return object["items"] != nil || object["prefixItems"] != nil ? "array" : "string"
    }

    /// A choice as text; `nil` for `null` and for the empty text, which Google refuses.
    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text.isEmpty ? nil : text
        default: String(decoding: value.serialized(), as: UTF8.self)
        }
    }
}
