/// What fuzzing found: a property of the code that some bytes break.
package struct Finding: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Says what is broken when it is.
    static func expect(_ holds: Bool, _ property: @autoclosure () -> String) throws(Finding) {
        if !holds { throw Finding(property()) }
    }
}
