import JSON
import LogStore

/// Writes sums in the form of contract admin-api §6: what is 0 is left out but for the number of calls, nothing is ever null, times are seconds.
enum DashboardJSON {
    /// `[{timestamp, summary: […]}]`; the rows come ordered by their time.
    static func write(series rows: [RollupRow], to writer: inout JSONWriter) {
        writer.array { writer in
            var rest = rows[...]
            while let timestamp = rest.first?.timestamp {
                let span = rest.prefix { $0.timestamp == timestamp }
                rest = rest.dropFirst(span.count)
                writer.object { writer in
                    writer.field("timestamp", timestamp)
                    writer.key("summary")
                    writer.array { writer in for row in span { write(summary: row, to: &writer) } }
                }
            }
        }
    }

    private static func write(summary row: RollupRow, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("timestamp", row.timestamp)
            writer.field("channel_id", row.channel.flatMap { $0 == 0 ? nil : $0 })
            writer.field("group_id", row.group.flatMap { $0.isEmpty ? nil : $0 })
            writer.field("token_name", row.tokenName.flatMap { $0.isEmpty ? nil : $0 })
            writer.field("model", row.model)
            writeMetrics(of: row, to: &writer)
            writer.field("max_rpm", row.maxRPM)
            writer.field("max_tpm", row.maxTPM)
        }
    }

    /// The metrics and the three tiers, into the object that is open. Tiers are off for every model, so they hold no calls.
    static func writeMetrics(of row: RollupRow?, to writer: inout JSONWriter) {
        writer.field(RollupMetric.requestCount.rawValue, row?.counts[.requestCount] ?? 0)
        if let row {
            for metric in RollupMetric.allCases where metric != .requestCount && row.counts[metric] != 0 {
                writer.field(metric.rawValue, row.counts[metric])
            }
            for amount in LogAmount.allCases {
                guard let text = row.amounts[amount], !LogJSON.isZero(text) else { continue }
                writer.field(amount.name, raw: text.utf8)
            }
        }
        for tier in ["service_tier_flex", "service_tier_priority", "claude_long_context"] {
            writer.field(tier, raw: #"{"request_count":0}"#.utf8)
        }
    }

    /// A list of names; left out when it is empty.
    static func write(_ key: String, nonempty values: [JSONValue], to writer: inout JSONWriter) {
        if values.isEmpty { return }
        write(key, values, to: &writer)
    }

    /// A list of names.
    static func write(_ key: String, _ values: [JSONValue], to writer: inout JSONWriter) {
        writer.key(key)
        writer.array { writer in for value in values { writer.value(value) } }
    }
}
