import AdminHTTP
import HTTPCore
import LogStore

/// An export as the caller asked for it (contract admin-api §5.4).
struct ExportQuery: Equatable {
    /// No export reaches further back from its end than this.
    private static let longestWindow: Int64 = 30 * 86_400_000_000

    var filter: LogFilter
    /// The window; the filter's own ends are moved along in it.
    var from: Int64
    var through: Int64
    var isAscending: Bool
    var includesBodies: Bool
    /// `nil` is no limit.
    var limit: Int?
    /// How much time one statement looks at, in microseconds.
    var chunk: Int64
    var columns: CSVRows.Columns
    var zone: String?

    /// - Throws: 400 with the text of the contract.
    init(_ query: AdminQuery, group: String?, now: Int64) throws(AdminFailure) {
        let entries = try query.wholeNumber("max_entries")
        var filter = try LogQuery(query, scope: group.map { .groupList($0) } ?? .list, now: now).filter
        (filter.from, filter.through, filter.keyword) = (nil, nil, nil)
        if group == nil {
            filter.group = query.text("group")
            filter.tokenName = query.text("token_name")
            filter.tokenID = try LogQuery.number(query, "token_id")
        }
        self.filter = filter
        let start = query.instant("start_timestamp")?.first
        through = query.instant("end_timestamp")?.last ?? now
        if let start, start > through {
            throw AdminFailure(.badRequest, "start_timestamp cannot be greater than end_timestamp")
        }
        from = max(start ?? .min, through - Self.longestWindow)
        switch query.text("order") {
        case "asc": isAscending = true
        case "desc", nil: isAscending = false
        default: throw AdminFailure(.badRequest, "order must be asc or desc")
        }
        includesBodies = try query.flag("include_detail")
        limit = entries.flatMap { $0 > 0 ? $0 : nil }
        chunk = try Self.chunk(query.text("chunk_interval"))
        columns = CSVRows.Columns()
        if group != nil {
            columns = CSVRows.Columns(
                hasChannel: try query.flag("include_channel"), hasRetryAt: try query.flag("include_retry_at"))
        }
        zone = query.text("timezone")
    }

    private static func chunk(_ text: String?) throws(AdminFailure) -> Int64 {
        guard let text else { return 30 * 60_000_000 }
        guard let seconds = GoDuration.seconds(text) else {
            throw AdminFailure(.badRequest, "chunk_interval must be a valid duration such as 30m or 1h")
        }
        guard (600.0...14_400.0).contains(seconds) else {
            throw AdminFailure(.badRequest, "chunk_interval must be between 10m and 4h")
        }
        return Int64(seconds * 1_000_000)
    }

    /// The windows that one statement each looks at, in the order of the export; neither they nor their rows overlap.
    func chunks() -> some Sequence<(from: Int64, through: Int64)> {
        let count = (through - from) / chunk + 1
        return (0..<count).lazy.map { [self] number in
            if isAscending {
                let start = from + number * chunk
                return (start, min(start + chunk - 1, through))
            }
            let end = through - number * chunk
            return (max(end - chunk + 1, from), end)
        }
    }
}

/// Durations in Go's notation: `1h30m`, `1.5h`, `-90s`.
enum GoDuration {
    private static let units: [(String, Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600),
    ]

    /// The length in seconds; `nil` for what Go would not take.
    static func seconds(_ text: String) -> Double? {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return 0 }
        guard !rest.isEmpty, rest.utf8.count <= 64 else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard number.contains(where: \.isNumber), let value = Double(number.hasSuffix(".") ? number + "0" : number),
                let scale = units.first(where: { $0.0 == unit })?.1
            else { return nil }
            total += value * scale
        }
        return isNegative ? -total : total
    }
}
