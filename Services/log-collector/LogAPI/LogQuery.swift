import AdminHTTP
import LogStore

/// A log search as the caller wrote it (contract admin-api §5.1).
struct LogQuery: Equatable {
    /// Which of the four lists is asked; each reads another part of the query.
    enum Scope: Hashable {
        case list
        case search
        case groupList(String)
        case groupSearch(String)

        var group: String? {
            switch self {
            case .list, .search: nil
            case .groupList(let group), .groupSearch(let group): group
            }
        }

        var isSearch: Bool {
            switch self {
            case .search, .groupSearch: true
            case .list, .groupList: false
            }
        }
    }

    /// No list reaches further back from its end than this.
    static let longestWindow: Int64 = 7 * 86_400_000_000

    var filter: LogFilter
    var order: LogOrder
    var paging: Paging
    var includesBodies: Bool

    /// Reads a query. What is empty is no condition, and neither are 0 for a channel, a token or a code.
    ///
    /// - Throws: 400 that names a number or a truth value that is none.
    init(_ query: AdminQuery, scope: Scope, now: Int64) throws(AdminFailure) {
        filter = LogFilter()
        let end = query.instant("end_timestamp")
        let earliest = (end?.last ?? now) - Self.longestWindow
        filter.from = max(query.instant("start_timestamp")?.first ?? earliest, earliest)
        filter.through = end?.last
        filter.model = query.text("model_name")
        filter.requestID = query.text("request_id")
        filter.upstreamID = query.text("upstream_id")
        filter.ip = query.text("ip")
        filter.user = query.text("user")
        filter.result = try Self.result(query)
        filter.group = scope.group
        if scope.group == nil { filter.channel = try Self.number(query, "channel") }
        if scope == .search { filter.group = query.text("group") }
        if scope != .list {
            filter.tokenID = try Self.number(query, "token_id")
            filter.tokenName = query.text("token_name")
        }
        if scope.isSearch { filter.keyword = query.text("keyword") }
        order = Self.order(query.text("order"))
        paging = Paging(query)
        includesBodies = try query.flag("include_detail")
    }

    private static func result(_ query: AdminQuery) throws(AdminFailure) -> LogFilter.Result? {
        let code = try number(query, "code")
        return switch query.text("code_type") {
        case "success": .success
        case "error": .failure
        default: code.map { .code($0) }
        }
    }

    static func number(_ query: AdminQuery, _ name: String) throws(AdminFailure) -> Int? {
        try query.wholeNumber(name).flatMap { $0 == 0 ? nil : $0 }
    }

    /// `field`, `field-asc` or `field-desc`; an unknown field is the newest first.
    private static func order(_ text: String?) -> LogOrder {
        let parts = (text ?? "").split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let field = parts.first.flatMap({ LogOrder.Field(rawValue: String($0)) }) else { return LogOrder() }
        return LogOrder(field, isAscending: parts.count == 2 && parts[1] == "asc")
    }
}
