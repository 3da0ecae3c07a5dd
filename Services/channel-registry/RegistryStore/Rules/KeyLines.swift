/// Splits the key of a channel that is to be created: several lines are several keys, but a JSON key may span lines.
package enum KeyLines {
    /// The keys, trimmed, without empty ones; one empty key when there is none.
    ///
    /// A text that begins with `{` is one key. So is what follows a line in which a JSON object opens (`region|{…`), up to the line that closes it.
    package static func split(_ text: String) -> [String] {
        let whole = text.trimmed
        if whole.utf8.first == UInt8(ascii: "{") { return [whole] }
        var keys: [String] = []
        var open: [Substring] = []
        var braces = BraceCount()
        for line in whole.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if open.isEmpty, !line.contains("|{") {
                append(String(line), to: &keys)
                continue
            }
            open.append(line)
            braces.read(line)
            if braces.isClosed {
                append(open.joined(separator: "\n"), to: &keys)
                open = []
                braces = BraceCount()
            }
        }
        if !open.isEmpty { append(open.joined(separator: "\n"), to: &keys) }
        return keys.isEmpty ? [""] : keys
    }

    private static func append(_ key: String, to keys: inout [String]) {
        let trimmed = key.trimmed
        if !trimmed.isEmpty { keys.append(trimmed) }
    }

    /// How deep a text is inside a JSON object; braces in strings do not count.
    private struct BraceCount {
        private var depth = 0
        private var isInString = false
        private var isEscaped = false

        var isClosed: Bool { depth <= 0 }

        mutating func read(_ line: Substring) {
            for byte in line.utf8 {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\"), isInString {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\""), depth > 0 {
                    isInString.toggle()
                } else if !isInString {
                    if byte == UInt8(ascii: "{") { depth += 1 }
                    if byte == UInt8(ascii: "}") { depth -= 1 }
                }
            }
        }
    }
}
