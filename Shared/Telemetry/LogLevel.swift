/// How much a log line matters.
package enum LogLevel: Int, Comparable, Sendable, CaseIterable {
    /// Steps inside one operation.
    case trace
    /// What a developer wants while looking for a fault.
    case debug
    /// Life cycle of the service, and one line per finished request.
    case info
    /// Somebody should look.
    case warning
    /// Something was lost.
    case error

    /// The word in the log line and in `LOG_LEVEL`.
    package var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// The level with this name, in any case; nil for any other word.
    package init?(name: String) {
        let wanted = name.lowercased()
        guard let level = Self.allCases.first(where: { $0.name == wanted }) else { return nil }
        self = level
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
