import Contracts

/// The sums of one batch by minute, made in memory, so that a batch costs two statements however many records it has.
///
/// Attempts count at their channels, the last one with what the caller got. Of the calls that reached no channel only those over a rate limit are counted under
/// their model (contract relay §1.4): any other name is a caller's invention, and inventions must not become rows; they share the model "".
struct RollupBatch {
    struct ChannelKey: Hashable {
        let minute: Int64
        let channel: Int64
        let model: String
    }

    struct GroupKey: Hashable {
        let minute: Int64
        let group: String
        let tokenName: String
        let model: String
    }

    private(set) var channels: [ChannelKey: RollupCounts] = [:]
    private(set) var groups: [GroupKey: RollupCounts] = [:]

    /// Sums the records; those that ended before `earliest` are left out.
    init(_ records: some Sequence<CallRecord>, since earliest: Int64 = .min) {
        for record in records where record.finishedAt >= earliest { add(record) }
    }

    private mutating func add(_ record: CallRecord) {
        let minute = CivilDate.floored(record.finishedAt, to: RollupGrain.minute.width)
        let counts = RollupCounts(record)
        let isNamed = record.channel != nil || record.code == 429
        let model = isNamed ? Self.key(record.model) : ""
        let channel = ChannelKey(minute: minute, channel: Int64(record.channel ?? 0), model: model)
        channels[channel, default: RollupCounts()] += counts
        for attempt in record.attempts.dropLast() {
            let key = ChannelKey(minute: minute, channel: Int64(attempt.channel), model: model)
            channels[key, default: RollupCounts()] += RollupCounts(superseded: attempt)
        }
        guard !record.group.isEmpty else { return }
        let group = GroupKey(
            minute: minute, group: Self.key(record.group), tokenName: Self.key(record.tokenName), model: model)
        groups[group, default: RollupCounts()] += counts
    }

    /// Keys are no longer than this; an index entry has a limit, a name that somebody made up has none.
    static let longestKey = 128

    /// The text of a key as PostgreSQL can keep it.
    static func key(_ text: String) -> String {
        let isPlain = text.utf8.count <= longestKey && !text.utf8.contains(0)
        if isPlain { return text }
        let scalars = text.unicodeScalars.prefix(longestKey).map { $0 == "\0" ? "\u{FFFD}" : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}
