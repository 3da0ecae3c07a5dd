import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// Reads the bodies that set what a group has of its own for models (contract admin-api §10.1, §13.5): what they name, and nothing else.
enum GroupModelBody {
    private static let maxNumber = 9_007_199_254_740_991
    /// Seconds; a week.
    private static let maxTimeout = 604_800

    /// The config of one object; `model` is the name that the path gives, which wins.
    static func read(_ fields: BodyFields, model: String? = nil) throws(AdminFailure) -> GroupModelConfig {
        let named = try fields.string("model") ?? ""
        let name = model ?? named
        if name.isEmpty { throw fields.fault("model", "missing; expected the name of a model") }
        guard name.unicodeScalars.count <= 128 else { throw fields.fault("model", "longer than 128 characters") }
        var config = GroupModelConfig(model: name)
        for field in GroupModelField.all { config.values[field.name] = try value(field, fields) }
        return config
    }

    /// The configs of a body that is an array.
    static func list(_ body: [UInt8]) throws(AdminFailure) -> [GroupModelConfig] {
        let elements = try BodyValue.array(try BodyValue.parse(body), of: "group model configs", at: "body")
        var configs: [GroupModelConfig] = []
        for (index, element) in elements.enumerated() {
            let object = try BodyValue.object(element, at: "[\(index)]")
            configs.append(try read(BodyFields(object, place: "[\(index)].")))
        }
        return configs
    }

    private static func value(_ field: GroupModelField, _ fields: BodyFields) throws(AdminFailure) -> GroupModelValue? {
        switch field.form {
        case .flag: return try fields.bool(field.name).map(GroupModelValue.flag)
        case .count: return try fields.int(field.name, in: 0...maxNumber).map(GroupModelValue.number)
        case .size: return try fields.int(field.name, in: -maxNumber...maxNumber).map(GroupModelValue.number)
        case .price:
            guard try fields.members(field.name) != nil else { return nil }
            return .json(try PriceBody.read(fields))
        case .timeouts:
            guard let members = try fields.members(field.name)?.fields else { return nil }
            var timeouts = JSONObject()
            for name in ["request_timeout", "stream_request_timeout"] {
                let seconds = try members.int(name, in: 0...maxTimeout) ?? 0
                if seconds > 0 { timeouts[name] = .int(seconds) }
            }
            return .json(String(decoding: JSONValue.object(timeouts).serialized(), as: UTF8.self))
        }
    }
}
