package import Contracts
import JSON

/// The models and mappings that a channel has when its own list is empty, by channel type: the options `DefaultChannelModels` and
/// `DefaultChannelModelMapping`.
package struct ChannelDefaults: Equatable, Sendable {
    package var models: [Int: [String]]
    /// Requested name to upstream name.
    package var mappings: [Int: [String: String]]

    package init(models: [Int: [String]] = [:], mappings: [Int: [String: String]] = [:]) {
        self.models = models
        self.mappings = mappings
    }

    /// Reads them from options that are in force; what is not set is empty. Values were checked when they were set.
    package init(options: [String: String]) {
        self.init()
        for member in Self.members(options[OptionTable.defaultModels]) {
            guard let type = Int(member.key), let names = member.value.array else { continue }
            models[type] = names.compactMap(\.string)
        }
        for member in Self.members(options[OptionTable.defaultMapping]) {
            guard let type = Int(member.key), let pairs = member.value.object else { continue }
            for pair in pairs.members { mappings[type, default: [:]][pair.key] = pair.value.string }
        }
    }

    /// Whether a channel has something from here.
    package func concern(_ channel: SnapshotChannel) -> Bool {
        channel.models.isEmpty || channel.modelMapping.isEmpty
    }

    /// The channel with the defaults in the place of what it does not say itself.
    package func applied(to channel: SnapshotChannel) -> SnapshotChannel {
        guard concern(channel) else { return channel }
        var channel = channel
        if channel.models.isEmpty { channel.models = models[channel.type] ?? [] }
        if channel.modelMapping.isEmpty { channel.modelMapping = mappings[channel.type] ?? [:] }
        return channel
    }

    private static func members(_ text: String?) -> [JSONObject.Member] {
        guard let text, let value = try? JSONValue.parse(Array(text.utf8)) else { return [] }
        return value.object?.members ?? []
    }
}
