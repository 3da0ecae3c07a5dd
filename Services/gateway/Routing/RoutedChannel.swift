package import Contracts
package import JSON
package import Telemetry

/// A channel of the snapshot, prepared for the relay: address resolved, key opened.
package final class RoutedChannel: Sendable {
    package let id: Int
    package let name: String
    package let type: ChannelType
    /// The address without a trailing slash, from the channel or its type; may be empty when neither has one.
    package let baseURL: String
    /// The opened vendor key; `nil` when it cannot be opened with our secrets, which makes the channel unusable.
    package let key: Redacted<String>?
    package let models: [String]
    package let modelMapping: [String: String]
    /// Only enabled channels are chosen by weight; a pinned one may be disabled.
    package let isEnabled: Bool
    /// The weight before errors are counted in.
    package let weight: Double
    package let sets: [String]
    package let proxyURL: String?
    package let verifiesTLS: Bool
    /// When errors lead to a ban or a warning.
    let banPolicy: PairHealth.Policy
    /// The `configs` object; empty when there is none.
    package let configs: JSONObject
    let sealedKey: String

    /// Prepares one channel; `nil` when its type is not known to this version.
    ///
    /// - Parameter warnErrorRate: From which error rate on a warning is logged when the channel does not say.
    package init?(_ channel: SnapshotChannel, key: Redacted<String>?, warnErrorRate: Double = 0.5) {
        guard let type = ChannelType.find(channel.type) else { return nil }
        id = channel.id
        name = channel.name
        self.type = type
        var address = channel.baseURL.isEmpty ? type.defaultBaseURL : channel.baseURL
        while address.hasSuffix("/") { address.removeLast() }
        baseURL = address
        self.key = key
        models = channel.models
        modelMapping = channel.modelMapping
        isEnabled = channel.status == 1
        weight = Self.weight(ofPriority: channel.priority)
        sets = channel.sets.isEmpty ? [Self.defaultSet] : channel.sets
        proxyURL = channel.proxyURL.isEmpty ? nil : channel.proxyURL
        verifiesTLS = !channel.skipsTLSVerification
        banPolicy = PairHealth.Policy(
            bansOnNoPermission: channel.bansOnNoPermission, maxErrorRate: channel.maxErrorRate,
            warnErrorRate: channel.warnErrorRate > 0 ? channel.warnErrorRate : warnErrorRate)
        configs =
            channel.configs.isEmpty
            ? JSONObject() : (try? JSONValue.parse(Array(channel.configs.utf8)))?.object ?? JSONObject()
        sealedKey = channel.sealedKey
    }

    /// The set of a channel or group that names none.
    package static let defaultSet = "default"

    /// Whether it may be chosen.
    var isRouted: Bool { isEnabled && key != nil }

    /// The upstream's name for a model.
    package func upstreamModel(for model: String) -> String {
        modelMapping[model] ?? model
    }

    /// Contract relay §2.2: 0 acts as 10, more than a million as a million, a negative priority weighs nothing.
    private static func weight(ofPriority priority: Int) -> Double {
        priority == 0 ? 10 : Double(min(max(priority, 0), 1_000_000))
    }
}
