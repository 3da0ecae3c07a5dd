package import JSON

/// A JSON Schema (draft 2020-12, the one of OpenAPI 3.1), made by typed builders; keywords stand in the order in which they were given.
package struct APISchema: Sendable {
    /// The keywords.
    package private(set) var keywords: JSONObject

    private init(_ keywords: JSONObject) {
        self.keywords = keywords
    }

    private init(type: String, _ about: String) {
        keywords = ["type": .string(type)]
        if !about.isEmpty { keywords["description"] = .string(about) }
    }

    /// The schema as it stands in the document.
    package var value: JSONValue { .object(keywords) }

    // MARK: Values

    /// Any value at all.
    package static func any(_ about: String = "") -> APISchema {
        APISchema(about.isEmpty ? [:] : ["description": .string(about)])
    }

    /// A text of at most `limit` characters.
    package static func string(_ about: String = "", limit: Int? = nil) -> APISchema {
        APISchema(type: "string", about).with("maxLength", limit.map { .int($0) })
    }

    /// One of a closed set of texts.
    package static func choice(_ texts: [String], _ about: String = "") -> APISchema {
        APISchema(type: "string", about).with("enum", .array(texts.map { .string($0) }))
    }

    /// A whole number; without a range, one of 64 bits.
    package static func integer(_ about: String = "", in range: ClosedRange<Int>? = nil) -> APISchema {
        let schema = APISchema(type: "integer", about)
        guard let range else { return schema.with("format", "int64") }
        return schema.with("minimum", .int(range.lowerBound))
            .with("maximum", range.upperBound == .max ? nil : .int(range.upperBound))
    }

    /// A time in milliseconds since 1970.
    package static func milliseconds(_ about: String) -> APISchema {
        .integer(about + ", in milliseconds since 1970")
    }

    /// A time in seconds since 1970.
    package static func seconds(_ about: String) -> APISchema {
        .integer(about + ", in seconds since 1970")
    }

    /// A number.
    package static func number(_ about: String = "", in range: ClosedRange<Int>? = nil) -> APISchema {
        APISchema(type: "number", about).with("minimum", range.map { .int($0.lowerBound) })
            .with("maximum", range.map { .int($0.upperBound) })
    }

    /// A truth value.
    package static func boolean(_ about: String = "") -> APISchema {
        APISchema(type: "boolean", about)
    }

    /// Exactly this truth value.
    package static func always(_ flag: Bool) -> APISchema {
        APISchema(["const": .bool(flag)])
    }

    /// A schema that has a name in the document.
    package static func named(_ name: String, _ about: String = "") -> APISchema {
        APISchema(["$ref": .string("#/components/schemas/" + name)])
            .with("description", about.isEmpty ? nil : .string(about))
    }

    /// A list.
    package static func array(of element: APISchema, _ about: String = "") -> APISchema {
        APISchema(type: "array", about).with("items", element.value)
    }

    /// An object with any keys, all values alike.
    package static func map(of element: APISchema, _ about: String = "") -> APISchema {
        APISchema(type: "object", about).with("additionalProperties", element.value)
    }

    /// An object: members that are always there and members that may be left out. Others may be there too.
    package static func object(
        _ required: KeyValuePairs<String, APISchema> = [:], optional: KeyValuePairs<String, APISchema> = [:],
        _ about: String = ""
    ) -> APISchema {
        let schema = APISchema(type: "object", about)
        var properties = JSONObject(reserving: required.count + optional.count)
        for (name, member) in required { properties[name] = member.value }
        for (name, member) in optional { properties[name] = member.value }
        return schema.with("required", required.isEmpty ? nil : .array(required.map { .string($0.key) }))
            .with("properties", properties.isEmpty ? nil : .object(properties))
    }

    /// What fits all of these.
    package static func all(_ schemas: APISchema...) -> APISchema {
        APISchema(["allOf": .array(schemas.map(\.value))])
    }

    /// What fits at least one of these.
    package static func either(_ schemas: APISchema...) -> APISchema {
        APISchema(["anyOf": .array(schemas.map(\.value))])
    }

    // MARK: More about a value

    /// With an example.
    package func example(_ value: JSONValue) -> APISchema {
        with("examples", .array([value]))
    }

    /// With what holds when the value is not given.
    package func otherwise(_ value: JSONValue) -> APISchema {
        with("default", value)
    }

    /// A list of `count` elements.
    package func counting(_ count: ClosedRange<Int>) -> APISchema {
        with("minItems", count.lowerBound == 0 ? nil : .int(count.lowerBound)).with("maxItems", .int(count.upperBound))
    }

    /// A text with at least one character.
    package var nonempty: APISchema { with("minLength", 1) }

    /// The value, or `null`.
    package var nullable: APISchema {
        with("type", keywords["type"].map { [$0, "null"] })
    }

    private func with(_ keyword: String, _ value: JSONValue?) -> APISchema {
        guard let value else { return self }
        var schema = self
        schema.keywords[keyword] = value
        return schema
    }
}
