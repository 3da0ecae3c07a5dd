import Lifecycle
import ServiceKit

/// The executable `gateway`: the public address; relays calls and forwards the admin API to its owners. Opens no database.
@main
struct Gateway {
    static func main() {
        Bootstrap.run(
            ServiceProgram(
                tool: CommandLineTool(name: "gateway", summary: "relays calls to model vendors"),
                configure: { GatewayConfig(&$0) }, common: { $0.service },
                assemble: { try await Assembly.services($0, $1) }))
    }
}
