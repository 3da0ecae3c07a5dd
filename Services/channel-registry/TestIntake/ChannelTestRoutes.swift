import Contracts
package import HTTPServer
import InternalHTTP
package import RegistryStore
package import Telemetry

/// Takes results of channel tests from the gateways, which run them (design §1).
package enum ChannelTestRoutes {
    /// The largest body: texts in JSON may take six bytes for one.
    private static let maxBodyBytes = 4 * 1024 * 1024

    /// Puts the route on a router.
    ///
    /// - Parameters:
    ///   - channels: Where results are kept.
    ///   - key: The shared secret of the services.
    ///   - logger: Hears of errors that nobody foresaw.
    package static func install(
        on router: inout Router, channels: ChannelStore, key: Redacted<String>, logger: Logger
    ) {
        router.serve(.channelTests, key: key, logger: logger, maxBodyBytes: maxBodyBytes) { batch, _ in
            let most = ChannelTestBatch.maxTests
            guard batch.tests.count <= most, batch.faultless.count <= most else {
                throw Fault(.malformed, "a batch holds at most \(most) results and \(most) channels")
            }
            do throws(RegistryError) {
                return ChannelTestAck(stored: try await channels.keep(batch))
            } catch {
                throw fault(error, logger)
            }
        }
    }

    private static func fault(_ error: RegistryError, _ logger: Logger) -> Fault {
        logger.warning("results of channel tests were not kept", ["error": .string("\(error)")])
        switch error {
        case .unavailable, .outcomeUnknown, .notMigrated:
            return Fault(.unavailable, "the database is not available")
        default:
            return Fault(.failed, "the results could not be kept")
        }
    }
}
