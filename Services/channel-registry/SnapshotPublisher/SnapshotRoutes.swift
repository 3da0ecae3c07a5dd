import Contracts
import HTTPCore
package import HTTPServer
import InternalHTTP
package import Telemetry

/// The snapshot feed and the options over internal HTTP.
package enum SnapshotRoutes {
    /// Puts the long poll of the gateways and the options of the collector on a router.
    ///
    /// - Parameters:
    ///   - router: The router.
    ///   - board: What is answered.
    ///   - key: The shared secret of the services.
    ///   - logger: Hears of errors that nobody foresaw.
    ///   - metrics: What is counted.
    package static func install(
        on router: inout Router, board: SnapshotBoard, key: Redacted<String>, logger: Logger, metrics: FeedMetrics
    ) {
        router.serveEncoded(.snapshot, key: key, logger: logger, maxBodyBytes: 4096) { query, _ in
            guard let answer = await board.answer(to: query) else {
                throw Fault(.unavailable, "the configuration could not be read from PostgreSQL yet")
            }
            metrics.answers.with(kind(of: answer.snapshot, to: query)).increment()
            return answer.json
        }
        router.serve(.options, key: key, logger: logger, maxBodyBytes: 4096) { query, _ in
            guard let mirror = board.mirror else {
                throw Fault(.unavailable, "the configuration could not be read from PostgreSQL yet")
            }
            return mirror.answer(to: query)
        }
    }

    private static func kind(of snapshot: Snapshot, to query: SnapshotQuery) -> String {
        if snapshot.isWhole { return "whole" }
        return snapshot.revision == query.after ? "nothing" : "delta"
    }
}
