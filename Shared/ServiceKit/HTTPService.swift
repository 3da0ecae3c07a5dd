package import HTTPServer
import Lifecycle
import Synchronization
import Telemetry

/// An HTTP server as a service of the group: listens, says where, and drains when it is stopped.
///
/// It should stand last in the group: then it is the first to stop, while all that its handlers use still runs.
package final class HTTPService: Service {
    package let name: String
    private let server: HTTPServer
    private let context: ServiceContext
    private let stop = StopSignal()
    private let cut = Mutex(Int?.none)
    private let bound = Mutex(SocketAddress?.none)

    /// A service around a server that was not started yet; adds the server's metrics.
    package init(_ server: HTTPServer, context: ServiceContext, name: String = "http") {
        self.name = name
        self.server = server
        self.context = context
        context.metrics.gaugeCallback("http_server_connections_open", "Open client connections.") {
            Double(server.openConnections)
        }
        context.metrics.gaugeCallback("http_server_requests_in_flight", "Requests whose answer is not finished.") {
            Double(server.requestsInFlight)
        }
    }

    /// Where the server listens, once it does.
    package var address: SocketAddress? { bound.withLock { $0 } }

    package func run() async throws {
        let address = try await server.start()
        bound.withLock { $0 = address }
        context.logger.info(
            "listening", ["address": "\(address)", "version": .string(context.version), "name": .string(name)])
        await stop.wait()
        if let running = cut.withLock({ $0 }) {
            throw DrainCut("the time to drain ran out with \(running) requests running")
        }
    }

    package func shutdown(deadline: Duration) async {
        context.readiness.beginDraining()
        let clock = ContinuousClock()
        let end = clock.now + deadline
        await server.drain(deadline: deadline)
        let running = server.requestsInFlight
        if running > 0 || clock.now >= end { cut.withLock { $0 = running } }
        stop.raise()
    }
}
