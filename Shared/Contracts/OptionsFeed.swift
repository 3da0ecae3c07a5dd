/// Which options a service already has.
package struct OptionsQuery: Codable, Sendable, Equatable {
    /// The mark of the last answer; empty for none.
    package var mark: String

    package init(mark: String) {
        self.mark = mark
    }
}

/// The options that are set, in the environment of the registry or stored (contract admin-api §16.2).
package struct OptionsAnswer: Codable, Sendable, Equatable {
    /// Names this set of options; another one has another mark.
    package var mark: String
    /// By key; an option that is not set has the reader's own default. `nil` when the asked mark is still the one.
    package var options: [String: String]?

    package init(mark: String, options: [String: String]?) {
        self.mark = mark
        self.options = options
    }
}

extension Endpoint where Input == OptionsQuery, Output == OptionsAnswer {
    /// The options in force, for services that take no snapshot.
    package static var options: Self { Self(method: .post, path: "/internal/v1/options") }
}
