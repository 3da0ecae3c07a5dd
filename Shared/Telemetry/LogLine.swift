/// Renders one event as a JSON line. Pure; the only place that knows the format.
enum LogLine {
    /// Longest line in bytes, newline included; a longer one loses its last fields and says so.
    static let maximumBytes = 16 * 1024
    /// Longest text of one field in bytes; the rest is cut at a character.
    static let maximumFieldBytes = 4096
    private static let cutMark = Array(#","log_line_cut":true}"#.utf8) + [0x0A]

    static func render(
        microseconds: Int64, level: LogLevel, service: String, message: StaticString, context: [UInt8],
        fields: LogFields
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(192 + context.count + fields.pairs.count * 32)
        line.append(contentsOf: #"{"ts":""#.utf8)
        RFC3339.append(microseconds, to: &line)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: level.name.utf8)
        line.append(contentsOf: #"","service":"#.utf8)
        appendQuoted(service, to: &line)
        line.append(contentsOf: #","message":"#.utf8)
        appendQuoted(message.description, to: &line)
        let room = maximumBytes - cutMark.count
        if line.count + context.count <= room {
            line.append(contentsOf: context)
        }
        for (key, value) in fields.pairs {
            let before = line.count
            append(key, value, to: &line)
            if line.count > room {
                line.removeSubrange(before...)
                line.append(contentsOf: cutMark)
                return line
            }
        }
        line.append(UInt8(ascii: "}"))
        line.append(0x0A)
        return line
    }

    /// Appends `,"key":value` for each field.
    static func append(_ fields: LogFields, to line: inout [UInt8]) {
        for (key, value) in fields.pairs {
            append(key, value, to: &line)
        }
    }

    private static func append(_ key: LogKey, _ value: LogValue, to line: inout [UInt8]) {
        line.append(UInt8(ascii: ","))
        appendQuoted(key.name.description, to: &line)
        line.append(UInt8(ascii: ":"))
        switch value {
        case .string(let text): appendQuoted(text, to: &line)
        case .int(let number): line.append(contentsOf: String(number).utf8)
        case .double(let number): line.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
        case .bool(let flag): line.append(contentsOf: (flag ? "true" : "false").utf8)
        case .null: line.append(contentsOf: "null".utf8)
        }
    }

    private static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        let bytes = text.utf8
        if bytes.count <= maximumFieldBytes {
            for byte in bytes { appendEscaped(byte, to: &line) }
        } else {
            var taken = 0
            for scalar in text.unicodeScalars {
                let width = UTF8.width(scalar)
                if taken + width > maximumFieldBytes { break }
                taken += width
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { appendEscaped(byte, to: &line) }
            }
            line.append(contentsOf: "…".utf8)
        }
        line.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): line.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): line.append(contentsOf: #"\\"#.utf8)
        case 0x0A: line.append(contentsOf: #"\n"#.utf8)
        case 0x0D: line.append(contentsOf: #"\r"#.utf8)
        case 0x09: line.append(contentsOf: #"\t"#.utf8)
        case 0..<0x20, 0x7F:
            line.append(contentsOf: #"\u00"#.utf8)
            let digits = Array("0123456789abcdef".utf8)
            line.append(digits[Int(byte >> 4)])
            line.append(digits[Int(byte & 15)])
        default: line.append(byte)
        }
    }
}
