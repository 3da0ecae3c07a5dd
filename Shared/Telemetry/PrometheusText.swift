/// Builds the Prometheus text format 0.0.4. Pure; the only place that knows the format.
struct PrometheusText {
    enum Value {
        case int(Int)
        case double(Double)
    }

    private(set) var bytes: [UInt8] = []

    /// The `# HELP` and `# TYPE` lines of a family.
    mutating func head(_ head: MetricHead) {
        bytes.append(contentsOf: "# HELP \(head.name) ".utf8)
        escape(head.help, quotes: false)
        bytes.append(contentsOf: "\n# TYPE \(head.name) \(head.kind)\n".utf8)
    }

    /// One line; `labels` and `values` have the same count.
    mutating func sample(_ name: String, _ labels: [String], _ values: [String], _ value: Value) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            for (index, (label, text)) in zip(labels, values).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(contentsOf: label.utf8)
                bytes.append(contentsOf: "=\"".utf8)
                escape(text, quotes: true)
                bytes.append(UInt8(ascii: "\""))
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        switch value {
        case .int(let number): bytes.append(contentsOf: String(number).utf8)
        case .double(let number): bytes.append(contentsOf: Self.number(number).utf8)
        }
        bytes.append(0x0A)
    }

    /// The shortest text that reads back as the same number; whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), abs(value) < 1e15 { return String(whole) }
        return "\(value)"
    }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotes: bytes.append(contentsOf: #"\""#.utf8)
            default: bytes.append(byte)
            }
        }
    }
}
