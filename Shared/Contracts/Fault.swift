/// What an internal route answers instead of its value.
package struct Fault: Error, Codable, Sendable, Equatable {
    /// A code of a closed set per route, for the program.
    package var code: String
    /// For the operator's log; never holds a secret.
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
