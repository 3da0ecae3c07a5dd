/// A column of One API's table `channels` that is read.
enum OneAPIColumn: String, CaseIterable, Sendable {
    case id, type, key, status, name, weight, other, models, group, priority, config
    case baseURL = "base_url"
    case modelMapping = "model_mapping"
    case systemPrompt = "system_prompt"
    /// Not in One API itself; the reference reads it where a fork has it.
    case proxyURL = "proxy_url"

    /// Without these there is nothing to import.
    static let required: [OneAPIColumn] = [.id, .type, .key]
}

/// One row of that table as the server sent it: nothing of it is trusted, not even that it is text.
struct OneAPIRow: Sendable {
    /// The most characters of one value that are read; a longer one arrives cut after one more.
    static let longestValue = 65_536

    private var values: [OneAPIColumn: [UInt8]]

    init(_ values: [OneAPIColumn: [UInt8]]) {
        self.values = values
    }

    /// A row of a table with these columns; one without a status is one in which every channel is enabled.
    init(_ values: [OneAPIColumn: [UInt8]], columns: [OneAPIColumn]) {
        self.values = values
        if !columns.contains(.status) { self.values[.status] = Array("1".utf8) }
    }

    /// A value as text.
    struct Text: Equatable {
        var text = ""
        /// Whether the bytes were not UTF-8 or held NUL; each such place is now U+FFFD.
        var isRepaired = false
        /// Whether the value is longer than what is read.
        var isCut = false
    }

    /// The text of a column; empty when it is NULL or absent.
    func text(_ column: OneAPIColumn) -> Text {
        guard let bytes = values[column], !bytes.isEmpty else { return Text() }
        var text = String(decoding: bytes, as: UTF8.self)
        let isRepaired = bytes.contains(0) || String(validating: bytes, as: UTF8.self) == nil
        if bytes.contains(0) { text = text.replacing("\0", with: "\u{FFFD}") }
        return Text(text: text, isRepaired: isRepaired, isCut: text.unicodeScalars.count > Self.longestValue)
    }

    /// The whole number in a column; `nil` when there is none.
    func int(_ column: OneAPIColumn) -> Int? {
        values[column].flatMap { String(validating: $0, as: UTF8.self) }.flatMap { Int($0) }
    }
}
