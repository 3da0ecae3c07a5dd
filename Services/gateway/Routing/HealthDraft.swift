package import Contracts

/// What is to be reported, in monotonic seconds of this machine; becomes a report when it is sent, so that ages are true also when it is sent again.
package struct HealthDraft: Sendable {
    var attempts: [(pair: HealthPair, counts: PairHealth.Counts)] = []
    var banned: [(pair: HealthPair, ban: Ban)] = []
    var lifted: [HealthPair] = []
    package var callers: [CallerTraffic.Row] = []

    /// Nothing to report.
    package init() {}

    /// Whether there is nothing to report.
    package var isEmpty: Bool { attempts.isEmpty && banned.isEmpty && lifted.isEmpty && callers.isEmpty }

    /// The report as it is sent now; counts that have become too old are left out.
    package func report(instance: String, sequence: Int64, clearsAfter: Int64?, atSecond now: UInt64) -> HealthReport {
        func age(_ second: UInt64) -> Int? {
            guard second <= now, now - second < UInt64(HealthReport.window) else { return nil }
            return Int(now - second)
        }
        return HealthReport(
            instance: instance, sequence: sequence, clearsAfter: clearsAfter,
            attempts: attempts.compactMap { pair, counts in
                age(counts.second).map { age in
                    HealthCounts(
                        channel: pair.channel, model: pair.model, age: age, calls: counts.calls,
                        tokens: counts.tokens, requests: counts.requests, errors: counts.errors)
                }
            },
            callers: callers.compactMap { row in
                age(row.second).map { age in
                    CallerCounts(
                        group: row.key.group, token: row.key.token, model: row.key.model, age: age, calls: row.calls,
                        tokens: row.tokens)
                }
            },
            banned: banned.map { pair, ban in
                HealthBan(
                    channel: pair.channel, model: pair.model, reason: ban.reason,
                    seconds: Int(clamping: Int64(clamping: ban.until) - Int64(clamping: now)))
            },
            lifted: lifted)
    }
}
