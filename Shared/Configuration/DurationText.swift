/// What a bare number of a duration setting means.
package enum DurationUnit: Sendable {
    /// Thousandths of a second.
    case milliseconds
    /// Seconds.
    case seconds
    /// Hours, as in `LOG_STORAGE_HOURS`.
    case hours

    var name: String {
        switch self {
        case .milliseconds: "milliseconds"
        case .seconds: "seconds"
        case .hours: "hours"
        }
    }

    fileprivate var milliseconds: Int64 {
        switch self {
        case .milliseconds: 1
        case .seconds: 1000
        case .hours: 3_600_000
        }
    }
}

/// Spans of time as an operator writes them: `250ms`, `30s`, `5m`, `2h`, `7d`.
package enum DurationText {
    private static let suffixes: [(text: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// The span of a text; nil for a sign, a fraction, an unknown unit or a span above 2^63 ms.
    package static func parse(_ text: String, unit: DurationUnit) -> Duration? {
        let suffix = suffixes.first { text.hasSuffix($0.text) }
        let digits = text.dropLast(suffix?.text.count ?? 0)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(digits) else {
            return nil
        }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: suffix?.milliseconds ?? unit.milliseconds)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// The shortest text that ``parse(_:unit:)`` reads back.
    static func text(_ duration: Duration) -> String {
        let parts = duration.components
        let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
        if milliseconds == 0 { return "0s" }
        let suffix = suffixes.last { milliseconds % $0.milliseconds == 0 }
        return "\(milliseconds / (suffix?.milliseconds ?? 1))\(suffix?.text ?? "ms")"
    }
}
