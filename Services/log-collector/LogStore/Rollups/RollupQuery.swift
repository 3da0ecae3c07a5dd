import Postgres

/// Whose sums are wanted.
package struct RollupScope: Equatable, Sendable {
    /// Which of the two tables is read.
    package enum Table: Equatable, Sendable {
        /// By channel and model, attempts that another one followed included; one channel or all.
        case channels(Int?)
        /// By token and model of one group, only what callers got; one token or all.
        case group(String, tokenName: String?)
    }

    /// Which table.
    package var table: Table
    /// One model, or all.
    package var model: String?

    /// A scope from its parts.
    package init(_ table: Table, model: String? = nil) {
        self.table = table
        self.model = model
    }

    /// All channels.
    package static let all = RollupScope(.channels(nil))

    var name: SQL {
        switch table {
        case .channels: "logs.rollup_channels"
        case .group: "logs.rollup_groups"
        }
    }

    /// The columns of the key without the time.
    var keys: SQL {
        switch table {
        case .channels: "channel, model"
        case .group: "group_name, token_name, model"
        }
    }

    /// The conditions, without those on time. Calls whose model is an invention of the caller stand under "" and are not shown.
    var condition: SQL {
        var parts: [SQL] = ["model <> ''"]
        if let model { parts.append("model = \(RollupBatch.key(model))") }
        switch table {
        case .channels(nil): break
        case .channels(let channel?): parts.append("channel = \(channel)")
        case .group(let group, let tokenName):
            parts.append("group_name = \(RollupBatch.key(group))")
            if let tokenName { parts.append("token_name = \(RollupBatch.key(tokenName))") }
        }
        return SQL.joined(parts, separator: " AND ")
    }

    /// The same for `logs.calls`.
    var callCondition: SQL {
        var filter = LogFilter()
        filter.model = model
        switch table {
        case .channels(let channel): filter.channel = channel
        case .group(let group, let tokenName): (filter.group, filter.tokenName) = (group, tokenName)
        }
        return filter.condition
    }
}

/// A stretch of time; spans that begin in it belong to it, ends included (contract admin-api §6.1).
package struct RollupWindow: Equatable, Sendable {
    /// The first microsecond, or the beginning of time.
    package var from: Int64?
    /// The last microsecond, or the end of time.
    package var through: Int64?

    /// A window from its ends.
    package init(from: Int64? = nil, through: Int64? = nil) {
        self.from = from
        self.through = through
    }

    /// The spans of a length that begin in it.
    func condition(_ grain: RollupGrain) -> SQL {
        SQL.joined(["grain = \(grain.rawValue)"] + bounds("bucket"), separator: " AND ")
    }

    /// The spans of which a longer one begins in it: `start` is the beginning of that one, which is at most `width` before the span's own.
    func condition(_ grain: RollupGrain, start: SQL, width: Int64) -> SQL {
        let wide = RollupWindow(from: from, through: through.map { $0 + width })
        return SQL.joined([wide.condition(grain)] + bounds(start), separator: " AND ")
    }

    private func bounds(_ column: SQL) -> [SQL] {
        var parts: [SQL] = []
        if let from { parts.append("\(column) >= \(Timestamp(microseconds: from))") }
        if let through { parts.append("\(column) <= \(Timestamp(microseconds: through))") }
        return parts
    }
}

/// Which sums are wanted; those left out read 0.
package struct RollupFields: Equatable, Sendable {
    /// Counts, tokens and times.
    package var metrics: [RollupMetric]
    /// Money.
    package var amounts: [LogAmount]

    /// Everything.
    package static let all = RollupFields(metrics: RollupMetric.allCases, amounts: LogAmount.allCases)

    /// Fields from their parts.
    package init(metrics: [RollupMetric], amounts: [LogAmount]) {
        self.metrics = metrics
        self.amounts = amounts
    }

    var columns: SQL {
        let sums = metrics.map { "sum(\($0.rawValue))::bigint AS \($0.rawValue)" }
        let money = amounts.map { "sum(\($0.name))::text AS \($0.name)" }
        return SQL(raw: (sums + money).map { $0 + ", " }.joined())
    }
}

/// The sums of one span and one key.
package struct RollupRow: Equatable, Sendable {
    /// The beginning of the span in Unix seconds.
    package var timestamp: Int64
    /// The channel, where channels are summed.
    package var channel: Int?
    /// The group, where groups are summed.
    package var group: String?
    /// The token, where groups are summed.
    package var tokenName: String?
    /// The model.
    package var model: String
    /// The sums.
    package var counts: RollupCounts
    /// The money, as decimal text; 0 for what is absent.
    package var amounts: [LogAmount: String]
    /// The most calls of one minute in the span.
    package var maxRPM: Int
    /// The most tokens of one minute in the span.
    package var maxTPM: Int

    init(_ row: Row, _ fields: RollupFields) throws(PostgresError) {
        timestamp = try row.decode("timestamp")
        channel = row.has("channel") ? try row.decode("channel") : nil
        group = row.has("group_name") ? try row.decode("group_name") : nil
        tokenName = row.has("token_name") ? try row.decode("token_name") : nil
        model = row.has("model") ? try row.decode("model") : ""
        counts = RollupCounts()
        for metric in fields.metrics { counts[metric] = try row.decode(metric.rawValue, as: Int64?.self) ?? 0 }
        amounts = [:]
        for amount in fields.amounts { amounts[amount] = row[amount.name] }
        maxRPM = try row.decode("max_rpm", as: Int?.self) ?? 0
        maxTPM = try row.decode("max_tpm", as: Int?.self) ?? 0
    }
}
