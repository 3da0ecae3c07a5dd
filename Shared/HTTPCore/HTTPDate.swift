/// The date format of HTTP fields (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    /// The text for a time in seconds since 1970; 29 bytes.
    package static func bytes(secondsSince1970 seconds: Int64) -> [UInt8] {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = Int(seconds - days * 86_400)
        let weekday = Int(((days + 4) % 7 + 7) % 7)
        let date = civil(fromDays: Int(days))
        var text: [UInt8] = []
        text.reserveCapacity(32)
        text.append(contentsOf: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday].utf8)
        text.append(", ")
        appendTwo(date.day, &text)
        text.append(Octet.space)
        text.append(contentsOf: monthNames[date.month - 1].utf8)
        text.append(Octet.space)
        appendTwo(date.year / 100, &text)
        appendTwo(date.year % 100, &text)
        text.append(Octet.space)
        appendTwo(rest / 3600, &text)
        text.append(Octet.colon)
        appendTwo(rest / 60 % 60, &text)
        text.append(Octet.colon)
        appendTwo(rest % 60, &text)
        text.append(" GMT")
        return text
    }

    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func appendTwo(_ value: Int, _ text: inout [UInt8]) {
        text.append(UInt8(0x30 + value / 10 % 10))
        text.append(UInt8(0x30 + value % 10))
    }

    /// The date of a day number since 1970, in the proleptic Gregorian calendar; eras of 400 years make it exact.
    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
