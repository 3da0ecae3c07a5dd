package import EventLoop
import HTTPClient
package import HTTPCore
package import HTTPServer
package import JSON

/// Routes of the collector behind a real server on a port of its own, and a client for them.
package final class CollectorServer: Sendable {
    /// One answer.
    package struct Answer: Sendable {
        /// The status.
        package var status: Int
        /// The fields.
        package var headers: HTTPHeaders
        /// The whole body.
        package var body: [UInt8]
        /// The fields behind the body.
        package var trailers: HTTPHeaders

        /// The body as JSON; `null` when it is none.
        package var json: JSONValue { (try? JSONValue.parse(body)) ?? .null }
    }

    private let group: EventLoopGroup
    private let server: HTTPServer
    private let clients: HTTPClientGroup
    private let base: String
    /// The routes that it serves.
    package let routes: [(method: HTTPMethod, pattern: String)]

    /// Starts a server on the loops of a group.
    package init(group: EventLoopGroup, _ routes: (inout Router) -> Void) async throws {
        var router = Router()
        routes(&router)
        let routed = router
        self.routes = router.routes
        self.group = group
        server = HTTPServer(
            ServerConfiguration(host: "127.0.0.1", port: 0), group: group,
            handler: { try await routed.handle($0, $1) })
        clients = try HTTPClientGroup(group: group)
        base = "http://\(try await server.start())"
    }

    /// Sends a request and reads the whole answer.
    package func call(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8]? = nil
    ) async throws -> Answer {
        let request = ClientRequest(
            method: method, url: base + path, headers: headers, body: body.map { .bytes($0) } ?? .none,
            timeouts: ClientTimeouts(
                connect: .seconds(5), firstByte: .seconds(60), idle: .seconds(60), total: .seconds(120)))
        let loop = group.next()
        return try await withTaskExecutorPreference(loop) {
            let response = try await self.clients.client(on: loop).begin(request).response()
            let body = try await response.collect(upTo: 64 * 1024 * 1024)
            return Answer(
                status: response.status, headers: response.headers, body: body, trailers: response.trailers)
        }
    }

    /// Stops the server; the loops stay.
    package func close() async {
        await server.drain(deadline: .seconds(1))
        await clients.shutdown()
    }
}
