import Postgres

extension LogReader {
    /// The channels, models and tokens of recent calls, most used first.
    package struct Names: Equatable, Sendable {
        /// The ids of channels.
        package var channels: [Int] = []
        /// The names that callers asked for.
        package var models: [String] = []
        /// The names of tokens.
        package var tokenNames: [String] = []

        /// Names from their parts.
        package init(channels: [Int] = [], models: [String] = [], tokenNames: [String] = []) {
            self.channels = channels
            self.models = models
            self.tokenNames = tokenNames
        }
    }

    /// Which kinds of names are wanted.
    package struct NameKinds: OptionSet, Sendable {
        /// The bits.
        package let rawValue: Int
        /// The channels that were tried last.
        package static let channels = NameKinds(rawValue: 1)
        /// The models that callers asked for.
        package static let models = NameKinds(rawValue: 2)
        /// The tokens that were used.
        package static let tokens = NameKinds(rawValue: 4)

        /// Kinds from their bits.
        package init(rawValue: Int) {
            self.rawValue = rawValue
        }
    }

    /// What was used in the hours of a time range, by the sums and not by the calls that match (contract admin-api §5.2).
    ///
    /// With tokens, of the filter's group; models only of the filter's token then, else of its channel.
    package func names(_ kinds: NameKinds, of filter: LogFilter) async throws -> Names {
        let range = clamped(filter, now: now())
        let window = RollupWindow(
            from: range.from.map { CivilDate.floored($0, to: RollupGrain.hour.width) }, through: range.through)
        let sums = RollupReader(pool: pool, now: now)
        let group = kinds.contains(.tokens) ? filter.group ?? "" : nil
        var names = Names()
        if kinds.contains(.channels) { names.channels = try await sums.channels(window) }
        if let group { names.tokenNames = try await sums.tokenNames(group, window) }
        if kinds.contains(.models) {
            let table = group.map { RollupScope.Table.group($0, tokenName: filter.tokenName) }
            names.models = try await sums.models(RollupScope(table ?? .channels(filter.channel)), window)
        }
        return names
    }
}
