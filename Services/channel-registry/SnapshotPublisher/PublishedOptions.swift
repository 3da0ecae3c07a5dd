import Contracts
import JSON
import RegistryStore

/// The options that gateways are told: stored ones, and over them what the environment says.
struct PublishedOptions: Equatable, Sendable {
    private let overrides: [String: String]
    private var stored: [String: Stamped<String>]
    /// The newest change of any option.
    private(set) var revision: Int64
    /// The newest change of those that stand in for what channels leave empty.
    private(set) var defaultsRevision: Int64
    private(set) var defaults: ChannelDefaults
    /// Tells sets of overrides apart; empty when there are none.
    let mark: String

    init(stored: [String: Stamped<String>], overrides: [String: String]) {
        self.stored = [:]
        self.overrides = overrides
        revision = 0
        defaultsRevision = 0
        defaults = ChannelDefaults()
        mark = Self.mark(overrides)
        merge(stored)
    }

    /// What is set, by key.
    var inForce: [String: String] {
        stored.compactMapValues(\.value).merging(overrides) { $1 }
    }

    /// Takes in what was stored since.
    mutating func merge(_ changes: [String: Stamped<String>]) {
        stored.merge(changes) { $1 }
        revision = max(revision, changes.values.map(\.revision).max() ?? 0)
        let current = ChannelDefaults(options: inForce)
        guard current != defaults else { return }
        defaults = current
        defaultsRevision = revision
    }

    /// FNV-1a over all pairs: it only has to differ when they do.
    private static func mark(_ overrides: [String: String]) -> String {
        guard !overrides.isEmpty else { return "" }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for (key, value) in overrides.sorted(by: { $0.key < $1.key }) {
            for byte in "\(key)=\(value)\0".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        return "+" + String(hash, radix: 16)
    }
}

extension SnapshotModelConfig {
    /// A stored config as gateways get it.
    init(_ config: ModelConfig) {
        var document = JSONWriter()
        document.modelConfig(config)
        self.init(
            model: config.model, type: config.type, document: String(decoding: document.bytes, as: UTF8.self))
    }
}
