import Contracts
import Dialects
import Routing
import Telemetry

/// The addresses and credentials that were formed lately, so that a call builds none of their texts. Confined to one loop.
///
/// Bound: at 1024 entries all are forgotten; an entry counts only for the very channel object it was made for, so a changed channel never meets an old one.
final class TargetBook {
    private struct Key: Hashable {
        let channel: Int
        let mode: RelayMode
        let model: String
    }

    private struct Entry {
        let channel: RoutedChannel
        let dialect: OpenAICompatible
        let target: UpstreamTarget
    }

    private var entries: [Key: Entry] = [:]
    private static let limit = 1024

    /// Where a call of the mode goes; `nil` when the channel lacks what that needs.
    func find(_ channel: RoutedChannel, _ mode: RelayMode, model: String) -> (OpenAICompatible, UpstreamTarget)? {
        let key = Key(channel: channel.id, mode: mode, model: model)
        if let entry = entries[key], entry.channel === channel { return (entry.dialect, entry.target) }
        guard let dialect = DialectCatalog.dialect(of: channel.type), let secret = channel.key,
            let target = dialect.target(
                mode, base: channel.baseURL, key: secret.reveal, model: model, type: channel.type)
        else { return nil }
        if entries.count >= Self.limit { entries.removeAll(keepingCapacity: true) }
        entries[key] = Entry(channel: channel, dialect: dialect, target: target)
        return (dialect, target)
    }
}
