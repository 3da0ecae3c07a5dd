import Postgres

/// One member of a group's model config: a switch, or a value that counts while its switch is true (contract admin-api §13.5).
package struct GroupModelField: Equatable, Sendable {
    /// What a value looks like.
    package enum Form: Equatable, Sendable {
        case flag
        /// Not negative.
        case count
        /// Bytes; 0 for the option's, below 0 for none.
        case size
        /// A price as a JSON object.
        case price
        /// `request_timeout` and `stream_request_timeout` in seconds as a JSON object.
        case timeouts
    }

    /// The name on the wire and of the column.
    package let name: String
    package let form: Form

    /// The value of a member that is not given.
    package var zero: GroupModelValue {
        switch form {
        case .flag: .flag(false)
        case .count, .size: .number(0)
        case .price, .timeouts: .json("{}")
        }
    }

    /// Every member in the order of the contract; each switch stands before its values.
    package static let all: [GroupModelField] =
        pair("limit", [("rpm", .count), ("tpm", .count)])
        + pair("price", [("price", .price)])
        + pair("retry_times", [("retry_times", .count)])
        + pair("timeout_config", [("timeout_config", .timeouts)])
        + pair("force_save_detail", [("force_save_detail", .flag)])
        + pair("max_image_generation_count", [("max_image_generation_count", .count)])
        + pair("max_video_generation_seconds", [("max_video_generation_seconds", .count)])
        + pair("max_video_generation_count", [("max_video_generation_count", .count)])
        + pair("request_body_storage_max_size", [("request_body_storage_max_size", .size)])
        + pair("response_body_storage_max_size", [("response_body_storage_max_size", .size)])
        + pair("summary_service_tier", [("summary_service_tier", .flag)])
        + pair("summary_claude_long_context", [("summary_claude_long_context", .flag)])

    private static func pair(_ name: String, _ values: [(String, Form)]) -> [GroupModelField] {
        [GroupModelField(name: "override_\(name)", form: .flag)]
            + values.map { GroupModelField(name: $0.0, form: $0.1) }
    }
}

/// What a member of a group's model config holds.
package enum GroupModelValue: Equatable, Sendable {
    case flag(Bool)
    case number(Int)
    /// An object as text.
    case json(String)

    var sql: SQL {
        switch self {
        case .flag(let flag): "\(flag)"
        case .number(let number): "\(number)::bigint"
        case .json(let text): "\(JSONText(text))"
        }
    }
}

/// What one group has of its own for one model, or what is to be changed of it.
package struct GroupModelConfig: Equatable, Sendable {
    package var model: String
    /// By the name of the member; one that is missing has its zero, or in a change stays as it is.
    package var values: [String: GroupModelValue]

    package init(model: String, values: [String: GroupModelValue] = [:]) {
        self.model = model
        self.values = values
    }

    /// A member.
    package subscript(field: GroupModelField) -> GroupModelValue {
        values[field.name] ?? field.zero
    }
}
