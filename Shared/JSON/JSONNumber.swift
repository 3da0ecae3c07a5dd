/// A number as it was written: `1.0`, `1e3` and a 40-digit integer keep their text through parse and write.
///
/// Equality is that of the text, so `1.0` and `1` differ.
package struct JSONNumber: Hashable, Sendable {
    /// The number in JSON's form.
    package let text: String

    /// A number from text that is known to be in JSON's form; for the parser.
    init(unchecked text: String) {
        self.text = text
    }

    /// A whole number.
    package init(_ value: some BinaryInteger) {
        text = String(value)
    }

    /// A finite fraction, in the shortest text that reads back the same; nil when it is not finite, which JSON cannot say.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = "\(value)"
    }

    /// The whole number, also when it is written as `12.0` or `1e3`; nil when it is none or does not fit.
    package var int: Int? {
        if let value = Int(text) { return value }
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }),
            let value = Double(text), abs(value) <= 9_007_199_254_740_992
        else { return nil }
        return Int(exactly: value)
    }

    /// The nearest fraction; nil when it is beyond what a Double can hold.
    package var double: Double? {
        Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}
