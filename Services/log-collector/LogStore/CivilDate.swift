/// A day of the Gregorian calendar in UTC; what partition names and bounds are made of.
struct CivilDate: Equatable {
    let year: Int
    let month: Int
    let day: Int

    /// The day of a moment in microseconds since 1970.
    init(containing instant: Int64) {
        // Days are counted from 1 March of year 0 in eras of 400 years: leap days then fall at the end of a year.
        let days = Int(Self.floored(instant, to: LogTable.calls.width) / LogTable.calls.width) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Reads `20250131`; `nil` when that is no day of the years 1 to 9999.
    init?(compact text: Substring) {
        guard text.utf8.count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
            return nil
        }
        year = number / 10_000
        month = number / 100 % 100
        day = number % 100
        guard year > 0, (1...12).contains(month), (1...31).contains(day) else { return nil }
        guard CivilDate(containing: microseconds) == self else { return nil }
    }

    /// The first microsecond of the day since 1970.
    var microseconds: Int64 {
        let year = month <= 2 ? self.year - 1 : self.year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468) * LogTable.calls.width
    }

    /// `20250131`.
    var compact: String { Self.padded(year, 4) + Self.padded(month, 2) + Self.padded(day, 2) }

    /// `2025-01-31`.
    var dashed: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    static func floored(_ instant: Int64, to width: Int64) -> Int64 {
        let rest = instant % width
        return instant - (rest < 0 ? rest + width : rest)
    }
}
