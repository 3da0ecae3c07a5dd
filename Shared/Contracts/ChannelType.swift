/// What the project knows of a kind of vendor: its names, address, key form and protocol (contract admin-api §14.2).
package struct ChannelType: Sendable {
    /// How a key of this type must look; checked when a channel is written, without a network call.
    package enum KeyRule: Equatable, Sendable {
        /// Any text, also none.
        case anything
        /// `minimum` to `maximum` parts with `|` between them, the first part not empty when `firstFilled`.
        case parts(minimum: Int, maximum: Int, firstFilled: Bool)
        /// Must contain the text.
        case contains(String)
        /// Google Vertex: `region|{service account JSON}`, `region|api key` or `region|project|api key`.
        case vertex
    }

    /// The type of one value in `configs`.
    package enum ConfigKind: String, Sendable {
        case boolean, string, integer, number, array, object
    }

    /// One known member of a channel's `configs`.
    package struct ConfigField: Sendable {
        package let key: String
        package let kind: ConfigKind
        package let help: String
        /// The allowed texts; empty when any value of the kind is allowed.
        package let choices: [String]

        init(_ key: String, _ kind: ConfigKind, _ help: String, choices: [String] = []) {
            self.key = key
            self.kind = kind
            self.help = help
            self.choices = choices
        }
    }

    /// The number that is stored with channels and known to FastGPT; never reused.
    package let id: Int
    /// The name which the reference uses, shown by `type_metas`.
    package let name: String
    package let displayName: String
    /// The address used when a channel leaves `base_url` empty; may be empty or hold a placeholder in braces.
    package let defaultBaseURL: String
    /// Whether a channel must name its own address.
    package let requiresBaseURL: Bool
    package let keyHelp: String
    package let keyRule: KeyRule
    /// The wire protocol of the vendor; names a row of the gateway's dialect catalogue.
    package let dialect: String
    /// The kinds of calls that the vendor can serve.
    package let modes: Set<RelayMode>
    package let configFields: [ConfigField]
    /// Free help text for operators.
    package let notes: [String]
}

extension ChannelType {
    /// The types by id.
    private static let byID: [Int: ChannelType] = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    /// The type with this number; `nil` when there is none.
    package static func find(_ id: Int) -> ChannelType? {
        byID[id]
    }

    /// Says what is wrong with a key of this type; `nil` when its form is right.
    package func keyFault(_ key: String) -> String? {
        switch keyRule {
        case .anything:
            return nil
        case .contains(let text):
            return key.contains(text) ? nil : "it must contain '\(text)'"
        case .parts(let minimum, let maximum, let firstFilled):
            let parts = key.split(separator: "|", omittingEmptySubsequences: false)
            if parts.count < minimum || parts.count > maximum {
                let wanted = minimum == maximum ? "\(minimum)" : "\(minimum) to \(maximum)"
                return "it must have \(wanted) parts separated by '|', not \(parts.count)"
            }
            if firstFilled, parts.first?.isEmpty ?? true { return "its first part is empty" }
            if minimum > 1, parts.contains(where: \.isEmpty) { return "one of its parts is empty" }
            return nil
        case .vertex:
            let parts = key.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count < 2 {
                return "it must be region|service account JSON, region|api key or region|project|api key"
            }
            if parts.contains(where: \.isEmpty) { return "one of its parts is empty" }
            return nil
        }
    }
}
