/// The order in which people count: `v2` before `v10`.
package enum NaturalOrder {
    /// Whether the first text comes before the second; runs of digits are compared by their value.
    package static func precedes(_ left: String, _ right: String) -> Bool {
        var left = Substring(left).utf8
        var right = Substring(right).utf8
        while let first = left.first, let second = right.first {
            if isDigit(first), isDigit(second) {
                let (one, two) = (number(&left), number(&right))
                if one.count != two.count { return one.count < two.count }
                if one != two { return one.lexicographicallyPrecedes(two) }
            } else {
                if first != second { return first < second }
                left.removeFirst()
                right.removeFirst()
            }
        }
        return left.isEmpty && !right.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Takes the digits at the start, without leading zeros.
    private static func number(_ text: inout Substring.UTF8View) -> [UInt8] {
        let digits = text.prefix(while: isDigit)
        text = text[digits.endIndex...]
        return Array(digits.drop { $0 == UInt8(ascii: "0") })
    }
}
