import Lifecycle
import ServiceKit

/// The executable `channel-registry`: keeps channels, tokens and groups, and tells gateways what they need of them.
@main
struct ChannelRegistry {
    static func main() {
        Bootstrap.run(
            ServiceProgram(
                tool: CommandLineTool(
                    name: "channel-registry", summary: "keeps channels, tokens and groups",
                    extras: [ImportCommand.description]),
                configure: { RegistryConfig(&$0) }, common: { $0.service },
                assemble: { try Assembly.services($0, $1) }, migrate: { try await Assembly.migrate($0, $1) },
                extras: [ImportCommand.description.name: { await ImportCommand.run($0, $1, $2) }]))
    }
}
