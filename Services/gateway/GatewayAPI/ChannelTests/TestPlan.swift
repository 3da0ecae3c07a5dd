package import Contracts
import JSON
import ModelCatalogue
package import Routing

/// What is to be done for one model of one channel (contract admin-api §4.1, steps 1 to 5); pure.
package enum TestPlan: Sendable {
    /// Send this.
    case probe(ProbeRow)
    /// Send nothing and call it a success, as an administrator said of the model.
    case excused(RelayMode)
    /// It cannot be probed on this channel, for this reason.
    case fault(String)
    /// Models of this kind are not tested; runs over many leave them out.
    case untestable(String)

    /// Decides by the model's type: what an administrator configured, else what the catalogue knows of the name or of the name that the vendor is asked for.
    ///
    /// - Parameters:
    ///   - config: What is configured for the model.
    ///   - serves: Whether the gateway can send such calls to the channel.
    package static func make(
        _ model: String, on channel: RoutedChannel, config: SnapshotModelConfig?,
        serves: (RelayMode, RoutedChannel) -> Bool
    ) -> TestPlan {
        let configured = config?.type ?? 0
        let known =
            configured == 0
            ? ModelCatalogue.find(model) ?? ModelCatalogue.find(channel.upstreamModel(for: model)) : nil
        let isExcused = isExcluded(config) || (known?.isExcludedFromTests ?? false)
        let number = configured == 0 ? known?.type ?? 0 : configured
        guard number != 0 else {
            if isExcused { return .excused(ProbeTable.unknownType) }
            return plan(ProbeTable.unknownType, on: channel, serves: serves)
        }
        guard let type = RelayMode(rawValue: number) else {
            return .untestable("model type 'Mode(\(number))' not supported")
        }
        // A chat model may be asked in a protocol that its vendor does not speak: the gateway converts.
        guard channel.type.modes.contains(type) || serves(type, channel) else { return .fault(unsupported(type)) }
        if isExcused { return .excused(type) }
        return plan(type, on: channel, serves: serves)
    }

    private static func plan(
        _ type: RelayMode, on channel: RoutedChannel, serves: (RelayMode, RoutedChannel) -> Bool
    ) -> TestPlan {
        guard let row = ProbeTable.row(type) else {
            return .untestable("model type '\(type.untestableName)' not supported")
        }
        return serves(row.mode, channel) ? .probe(row) : .fault(unsupported(row.mode))
    }

    private static func unsupported(_ mode: RelayMode) -> String {
        "\(mode.name) not supported by adaptor"
    }

    private static func isExcluded(_ config: SnapshotModelConfig?) -> Bool {
        guard let config, let document = try? JSONValue.parse(Array(config.document.utf8)) else { return false }
        return document["exclude_from_tests"]?.bool ?? false
    }
}
