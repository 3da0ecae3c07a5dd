import Contracts
import Dialects
import Routing
import Telemetry

/// The addresses and credentials that were formed lately, so that a call builds none of their texts. Confined to one loop.
///
/// Bound: at 1024 entries all are forgotten; an entry counts only for the very channel object it was made for, so a changed channel never meets an old one.
final class RouteBook {
    private struct Key: Hashable {
        let channel: Int
        let call: VendorCall
    }

    private struct Entry {
        let channel: RoutedChannel
        let route: UpstreamRoute
    }

    private var entries: [Key: Entry] = [:]
    private static let limit = 1024

    /// Where a call goes; `nil` when the channel lacks what that needs.
    func find(_ channel: RoutedChannel, _ call: VendorCall) -> UpstreamRoute? {
        let key = Key(channel: channel.id, call: call)
        if let entry = entries[key], entry.channel === channel { return entry.route }
        guard let vendor = DialectCatalog.vendor(of: channel.type), let secret = channel.key,
            let route = vendor.route(
                call,
                VendorChannel(
                    base: channel.baseURL, key: secret.reveal, type: channel.type, configs: channel.configs))
        else { return nil }
        if entries.count >= Self.limit { entries.removeAll(keepingCapacity: true) }
        entries[key] = Entry(channel: channel, route: route)
        return route
    }
}
