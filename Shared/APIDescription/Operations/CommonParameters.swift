import JSON

// Parameters that many routes share (contract admin-api §1.4, §1.5). What is empty is not given; what does not parse is 400 and named, but for pages, times and orders,
// which the contract reads leniently.

extension [APIParameter] {
    /// Which page of a list.
    static let paging: [APIParameter] = [
        .query("page", .integer(in: 1...Int.max).otherwise(1), "Which page; also `p`. What is no page is the first."),
        .query("per_page", .integer(in: 1...100).otherwise(10), "Rows of a page; more than 100 are 100."),
    ]

    /// A window of time.
    static let window: [APIParameter] = [
        .query(
            "start_timestamp", .integer().example(1_782_700_000),
            "The first moment. At most 10 digits are seconds, 13 milliseconds, 16 microseconds, more nanoseconds."),
        .query("end_timestamp", .integer(), "The last moment, in the same units; now when it is not given."),
    ]
}

extension APIParameter {
    /// In which order.
    static func order(_ fields: [String], else standard: String) -> APIParameter {
        .query(
            "order", .string().otherwise(.string(standard)).example(.string("\(fields[0])-asc")),
            "`<field>-asc` or `<field>-desc` of \(fields.joined(separator: ", ")); something else is the default.")
    }

    /// A text that occurs somewhere.
    static func keyword(_ about: String) -> APIParameter {
        .query("keyword", .string(), about)
    }

    /// A text that must be equal.
    static func exactly(_ name: String, _ about: String) -> APIParameter {
        .query(name, .string(), about + "; exactly.")
    }

    /// A switch.
    static func flag(_ name: String, _ about: String) -> APIParameter {
        .query(name, .boolean().otherwise(false), about)
    }
}

extension APIRefusal {
    /// There is no such row.
    static func missing(_ what: String) -> APIRefusal {
        APIRefusal(404, "`\(what) record not found`")
    }
}
