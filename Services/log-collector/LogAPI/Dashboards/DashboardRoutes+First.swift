import AdminHTTP
import HTTPCore
import HTTPServer
import JSON
import LogStore

/// The first version of the dashboard: one line over all models, with zeros between (contract admin-api §6.2).
extension DashboardRoutes {
    func first(_ request: ServerRequest, group: String?) async throws -> [UInt8] {
        let now = now()
        let query = AdminQuery(request.head.target)
        let dashboard = try DashboardQuery(query, group: group)
        let zone = try await reader.zone(dashboard.zone)
        let kind = Kind(query.text("type"))
        let through = dashboard.window.through ?? now
        var from = dashboard.window.from ?? through - kind.days * Self.day
        if dashboard.window.from == nil, kind.isDaily { from = try await reader.midnight(before: from, zone) }
        guard from <= through else { throw AdminFailure(.badRequest, "end time is before start time") }
        var timespan = kind.isDaily ? RollupReader.Timespan.day : .hour
        if let asked = dashboard.timespan, asked != .minute { timespan = asked }
        let window = RollupWindow(from: from, through: through)
        let rows = try await reader.series(
            dashboard.scope, window, timespan, zone, fields: dashboard.fields, isMerged: true)
        let times = try await self.times(of: rows, window: (from, through), timespan, zone)
        let total = try await reader.total(dashboard.scope, window, zone, fields: dashboard.fields)
        let rate = try await reader.rate(dashboard.scope)
        let names = try await UsedNames(dashboard.scope, window, reader)
        return AdminEnvelope.success { writer in
            writer.object { writer in
                writer.key("chart_data")
                Self.write(chart: rows, times, to: &writer)
                writer.field("rpm", rate.requests)
                writer.field("tpm", rate.tokens)
                writer.field("max_rpm", 0)
                writer.field("max_tpm", 0)
                writer.field("total_count", total?.counts[.requestCount] ?? 0)
                DashboardJSON.writeMetrics(of: total, to: &writer)
                names.write(to: &writer)
            }
        }
    }

    private static let day: Int64 = 86_400_000_000

    private func times(
        of rows: [RollupRow], window: (from: Int64, through: Int64), _ timespan: RollupReader.Timespan,
        _ zone: RollupZone
    ) async throws -> [Int64] {
        let points = rows.map(\.timestamp)
        guard !points.isEmpty, timespan != .month else { return points }
        let slots = try await reader.slots(timespan, from: window.from, through: window.through, zone)
        return ChartGaps.filled(points, slots: slots)
    }

    private static func write(chart rows: [RollupRow], _ times: [Int64], to writer: inout JSONWriter) {
        let found = Dictionary(rows.map { ($0.timestamp, $0) }, uniquingKeysWith: { first, _ in first })
        writer.array { writer in
            for time in times {
                writer.object { writer in
                    writer.field("timestamp", time)
                    DashboardJSON.writeMetrics(of: found[time], to: &writer)
                }
            }
        }
    }

    /// What `type` says about the window and its spans.
    private struct Kind {
        var days: Int64 = 7
        var isDaily = false

        init(_ text: String?) {
            switch text {
            case "day": days = 1
            case "week": isDaily = true
            case "two_week": (days, isDaily) = (15, true)
            case "month": (days, isDaily) = (30, true)
            default: break
            }
        }
    }
}
