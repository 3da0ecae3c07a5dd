package import AdminHTTP
import HTTPCore
package import HTTPServer
import JSON
package import LogStore
package import Telemetry

/// The history as a whole: out as CSV, and away (contract admin-api §5.2, §5.4).
package struct HistoryRoutes: Sendable {
    /// Rows of one statement; with bodies fewer, so that a page stays small.
    private static let page = 1_000
    private static let pageWithBodies = 100

    private let reader: LogReader
    private let partitions: PartitionKeeper
    private let gate: AdminGate
    private let logger: Logger
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - reader: The store.
    ///   - partitions: Deletes history.
    ///   - auth: Who may do either.
    ///   - metrics: What is counted.
    ///   - logger: For what the caller is not told, and for every deletion.
    ///   - now: The time in Unix microseconds.
    package init(
        reader: LogReader, partitions: PartitionKeeper, auth: AdminAuth, metrics: LogMetrics, logger: Logger,
        now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.reader = reader
        self.partitions = partitions
        self.logger = logger
        self.now = now
        let failures = LogFailures(metrics: metrics, logger: logger)
        gate = AdminGate(auth: auth) { failures.answer($0, $1) }
    }

    /// Adds the routes.
    package func register(in router: inout Router) {
        router.on(.delete, "/api/logs", gate.guarded(delete))
        router.on(.get, "/api/logs/export", gate.streamed { try await export($0, $1, group: nil) })
        router.on(
            .get, "/api/log/:group/export",
            gate.streamed { try await export($0, $1, group: $0.parameters["group"] ?? "") })
    }

    @Sendable private func delete(_ request: ServerRequest) async throws -> [UInt8] {
        let timestamp = try AdminQuery(request.head.target).wholeNumber("timestamp") ?? 0
        guard timestamp != 0 else { throw AdminFailure(.badRequest, "timestamp is required") }
        guard timestamp.magnitude <= Self.latest else {
            throw AdminFailure(.badRequest, "timestamp must be a time in milliseconds")
        }
        let deleted = try await partitions.deleteHistory(before: Int64(timestamp) * 1_000)
        logger.info(
            "deleted log history", ["before_ms": .integer(timestamp), "calls": .integer(deleted)])
        return AdminEnvelope.success { $0.int(deleted) }
    }

    /// The end of the year 9999, in milliseconds.
    private static let latest: UInt = 253_402_300_799_999

    private func export(_ request: ServerRequest, _ response: ResponseWriter, group: String?) async throws {
        let query = try ExportQuery(AdminQuery(request.head.target), group: group, now: now())
        let (zone, stamp) = try await reader.exportStamp(query.zone)
        let name =
            group.map { "\($0)_logs_\(stamp)_\(zone.name).csv" } ?? "global_logs_\(stamp).csv"
        var headers = AdminGate.headers(for: request)
        headers.replace("content-type", "text/csv; charset=utf-8")
        headers.append("content-disposition", "attachment; filename=\"\(Self.fileName(name))\"")
        headers.append("cache-control", "no-store")
        headers.append("trailer", "X-Export-Count")
        if request.head.method == .head { return try response.head(.ok, headers, .chunked) }
        let count = try await write(query, zone, response) { () throws(WriteError) in
            try response.head(.ok, headers, .chunked)
        }
        response.finish(trailers: ["X-Export-Count": String(count)])
    }

    /// Writes page after page, never faster than the caller reads, and answers how many calls it wrote. The head goes out with the first page, so that a store that does
    /// not answer is told as such.
    private func write(
        _ query: ExportQuery, _ zone: RollupZone, _ response: ResponseWriter, head: () throws(WriteError) -> Void
    ) async throws -> Int {
        let size = query.includesBodies ? Self.pageWithBodies : Self.page
        var count = 0
        var filter = query.filter
        for chunk in query.chunks() {
            (filter.from, filter.through) = (chunk.from, chunk.through)
            var place: LogPlace?
            while true {
                let wanted = min(size, query.limit.map { $0 - count } ?? size)
                if wanted <= 0 { break }
                let found = try await reader.exported(
                    filter, isAscending: query.isAscending, after: place, limit: wanted, zone: zone,
                    includesBodies: query.includesBodies)
                if !response.headSent {
                    try head()
                    var rows = CSVRows(query.columns)
                    rows.appendHead()
                    response.write(rows.bytes)
                }
                guard let last = found.last else { break }
                var rows = CSVRows(query.columns, reserving: found.count * 320)
                for exported in found { rows.append(exported) }
                count += found.count
                response.write(rows.bytes)
                try await response.drained()
                if found.count < wanted { break }
                place = last.call.place(in: LogOrder())
            }
            if count == query.limit { break }
        }
        return count
    }

    /// Letters, digits and `. - _` of ASCII; anything else becomes `_`, so that a name cannot end its header.
    static func fileName(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    let isKept =
                        scalar.isASCII
                        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                            || [".", "-", "_"].contains(scalar))
                    return isKept ? scalar : "_"
                }))
    }
}
