import Lifecycle
import ServiceKit

/// The executable `log-collector`: stores the call records that gateways ship and answers the log pages.
@main
struct LogCollector {
    static func main() {
        Bootstrap.run(
            ServiceProgram(
                tool: CommandLineTool(name: "log-collector", summary: "keeps the record of every call"),
                configure: { CollectorConfig(&$0) }, common: { $0.service },
                assemble: { try Assembly.services($0, $1) }, migrate: { try await Assembly.migrate($0, $1) }))
    }
}
