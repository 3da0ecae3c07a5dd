/// What is wrong with a caller's request, with the field that is at fault.
package struct InvalidRequest: Error, Equatable, Sendable {
    /// Fit for the caller.
    package let message: String
    /// The member of the body; `nil` when the body as a whole is at fault.
    package let field: String?

    package init(message: String, field: String?) {
        self.message = message
        self.field = field
    }
}
