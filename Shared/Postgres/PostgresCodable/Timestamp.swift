/// A `timestamptz`: microseconds since 1970-01-01 00:00 UTC, which is also PostgreSQL's own resolution.
///
/// Sessions of our pool run in UTC, so the server's text always has an offset; any offset is read. `infinity` is the end of `Int64`, `-infinity` its start.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970.
    package var microseconds: Int64

    /// A point in time.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Timestamp: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(postgresText) }

    /// `YYYY-MM-DD hh:mm:ss.ffffff+00`, with ` BC` before year 1.
    var postgresText: String {
        var bytes: [UInt8] = []
        appendPostgresText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the same text to bytes.
    func appendPostgresText(to bytes: inout [UInt8]) {
        if microseconds == .max { return bytes.append(contentsOf: "infinity".utf8) }
        if microseconds == .min { return bytes.append(contentsOf: "-infinity".utf8) }
        let (days, rest) = microseconds.flooredDivision(by: 86_400_000_000)
        let (year, month, day) = Self.civil(fromDays: days)
        let seconds = rest / 1_000_000
        Self.append(year > 0 ? year : 1 - year, width: 4, to: &bytes)
        for (mark, part) in [
            ("-", month), ("-", day), (" ", seconds / 3600), (":", seconds / 60 % 60), (":", seconds % 60),
        ] as [(Unicode.Scalar, Int64)] {
            bytes.append(UInt8(ascii: mark))
            Self.append(part, width: 2, to: &bytes)
        }
        bytes.append(UInt8(ascii: "."))
        Self.append(rest % 1_000_000, width: 6, to: &bytes)
        bytes.append(contentsOf: (year > 0 ? "+00" : "+00 BC").utf8)
    }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        var reader = TimestampReader(text)
        return try reader.read()
    }

    /// Decimal digits of a number that is not negative, zeros in front up to the width.
    private static func append(_ value: Int64, width: Int, to bytes: inout [UInt8]) {
        var scale: Int64 = 1
        for _ in 1..<width { scale *= 10 }
        while value / scale >= 10 { scale *= 10 }
        while scale > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / scale % 10))
            scale /= 10
        }
    }

    /// Year (0 is 1 BC), month and day of a day count since 1970, by the proleptic Gregorian calendar.
    static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The day count since 1970 of a date; year 0 is 1 BC.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// Quotient rounded down and a remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// Reads the ISO form that `DateStyle = ISO` produces, with or without a time and an offset.
private struct TimestampReader {
    private var text: [UInt8] = []
    private var position = 0

    init(_ span: Span<UInt8>) {
        guard span.count <= 64 else { return }
        text.reserveCapacity(span.count)
        for index in span.indices { text.append(span[index]) }
    }

    mutating func read() throws(PostgresDecodeFault) -> Timestamp {
        if matches("infinity") { return Timestamp(microseconds: .max) }
        if matches("-infinity") { return Timestamp(microseconds: .min) }
        let year = try number(minimum: 4)
        try expect("-")
        let month = try number(minimum: 2)
        try expect("-")
        let day = try number(minimum: 2)
        var time: Int64 = 0
        if take(" ") || take("T") { time = try timeOfDay() }
        time -= try offset() * 1_000_000
        var isBC = false
        if take(" ") {
            guard take("B"), take("C") else { throw fault }
            isBC = true
        }
        guard position == text.count, (1...12).contains(month), (1...31).contains(day), year <= 300_000 else {
            throw fault
        }
        let days = Timestamp.days(year: isBC ? 1 - year : year, month: month, day: day)
        let (whole, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
        let (sum, overflowed) = whole.addingReportingOverflow(time)
        guard !overflow, !overflowed else { throw PostgresDecodeFault("timestamp out of range") }
        return Timestamp(microseconds: sum)
    }

    private var fault: PostgresDecodeFault { PostgresDecodeFault("not a timestamp") }

    private mutating func timeOfDay() throws(PostgresDecodeFault) -> Int64 {
        let hour = try number(minimum: 2)
        try expect(":")
        let minute = try number(minimum: 2)
        var seconds = hour * 3600 + minute * 60
        var fraction: Int64 = 0
        if take(":") {
            seconds += try number(minimum: 2)
            if take(".") {
                let start = position
                fraction = try number(minimum: 1)
                guard position - start <= 6 else { throw fault }
                for _ in 0..<(6 - (position - start)) { fraction *= 10 }
            }
        }
        return seconds * 1_000_000 + fraction
    }

    /// Seconds east of Greenwich.
    private mutating func offset() throws(PostgresDecodeFault) -> Int64 {
        if take("Z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+") else { return 0 }
        var seconds = try number(minimum: 2) * 3600
        if take(":") { seconds += try number(minimum: 2) * 60 }
        if take(":") { seconds += try number(minimum: 2) }
        return isWest ? -seconds : seconds
    }

    private func matches(_ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<text.count where unsafe text[index] != word.utf8Start[index] { return false }
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(PostgresDecodeFault) {
        guard take(character) else { throw fault }
    }

    private mutating func number(minimum: Int) throws(PostgresDecodeFault) -> Int64 {
        var value: Int64 = 0
        let start = position
        while position < text.count, text[position] &- 48 < 10, position - start < 9 {
            value = value * 10 + Int64(text[position] &- 48)
            position += 1
        }
        guard position - start >= minimum else { throw fault }
        return value
    }
}
