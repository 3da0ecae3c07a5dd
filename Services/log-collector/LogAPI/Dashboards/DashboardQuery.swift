import AdminHTTP
import HTTPCore
import LogStore

/// A dashboard as the caller asked for it (contract admin-api §6.1).
struct DashboardQuery: Equatable {
    var scope: RollupScope
    var window: RollupWindow
    var zone: String?
    var timespan: RollupReader.Timespan?
    var fields: RollupFields

    /// Reads a query.
    ///
    /// - Throws: 400 for a channel that is no number and for an end before its start.
    init(_ query: AdminQuery, group: String?) throws(AdminFailure) {
        if let group {
            scope = RollupScope(.group(group, tokenName: query.text("token_name")), model: query.text("model"))
        } else {
            let channel = try query.wholeNumber("channel")
            scope = RollupScope(.channels(channel == 0 ? nil : channel), model: query.text("model"))
        }
        window = RollupWindow(
            from: query.instant("start_timestamp")?.first, through: query.instant("end_timestamp")?.last)
        zone = query.text("timezone")
        timespan = query.text("timespan").flatMap(RollupReader.Timespan.init(rawValue:))
        fields = Self.fields(query.text("fields"))
        if let from = window.from, let through = window.through, through < from {
            throw AdminFailure(.badRequest, "end time is before start time")
        }
    }

    /// A comma list of names, groups of names and aliases, any of them with the prefix of a tier; nothing that is known means everything.
    static func fields(_ text: String?) -> RollupFields {
        var metrics: Set<RollupMetric> = []
        var amounts: Set<LogAmount> = []
        var isKnown = false
        for part in (text ?? "").split(separator: ",") {
            let name = String(part.drop { $0 == " " }).trimmingSuffix(" ")
            if let tiered = tierPrefixes.first(where: { name.hasPrefix($0) }) {
                // Tiers are sums of their own, which read 0 here; the name is known all the same.
                isKnown = isKnown || columns(String(name.dropFirst(tiered.count))) != nil
            } else if let found = columns(name) {
                isKnown = true
                metrics.formUnion(found.metrics)
                amounts.formUnion(found.amounts)
            }
        }
        guard isKnown else { return .all }
        return RollupFields(
            metrics: RollupMetric.allCases.filter { metrics.contains($0) },
            amounts: LogAmount.allCases.filter { amounts.contains($0) })
    }

    private static let tierPrefixes = ["service_tier_flex_", "service_tier_priority_", "claude_long_context_"]

    private static func columns(_ name: String) -> RollupFields? {
        switch name {
        case "all": .all
        case "count":
            RollupFields(metrics: RollupMetric.allCases.filter { $0.isCount && $0 != .webSearches }, amounts: [])
        case "usage":
            RollupFields(
                metrics: RollupMetric.allCases.filter { $0.rawValue.hasSuffix("_tokens") || $0 == .webSearches },
                amounts: [])
        case "amount": RollupFields(metrics: [], amounts: LogAmount.allCases)
        case "time": RollupFields(metrics: [.time, .firstByte], amounts: [])
        case "total_time": RollupFields(metrics: [.time], amounts: [])
        case "total_ttfb": RollupFields(metrics: [.firstByte], amounts: [])
        default: single(name)
        }
    }

    /// The contract names the counts of statuses without the underscore; with it they are understood too.
    private static func single(_ name: String) -> RollupFields? {
        var name = name
        if name.hasPrefix("status"), let next = name.dropFirst("status".count).first, next != "_", next != "-" {
            name = "status_" + name.dropFirst("status".count)
        }
        if let metric = RollupMetric(rawValue: name) { return RollupFields(metrics: [metric], amounts: []) }
        if let amount = LogAmount.allCases.first(where: { $0.name == name }) {
            return RollupFields(metrics: [], amounts: [amount])
        }
        return nil
    }
}

extension RollupMetric {
    /// Whether it counts calls.
    var isCount: Bool { rawValue.hasSuffix("_count") }
}

extension String {
    /// Without the characters of `mark` at its end.
    func trimmingSuffix(_ mark: Character) -> String {
        var text = self[...]
        while text.last == mark { text.removeLast() }
        return String(text)
    }
}
