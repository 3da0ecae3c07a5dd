package import EventLoop

/// One client per loop of a group.
package final class HTTPClientGroup: Sendable {
    private let clients: [HTTPClient]

    /// Makes the clients; the loops need not run yet.
    ///
    /// - Throws: `.invalidRequest` when libcurl refuses the configuration.
    package init(
        group: EventLoopGroup, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(HTTPClientError) {
        var made: [HTTPClient] = []
        for loop in group.loops {
            made.append(try HTTPClient(loop: loop, configuration: configuration))
        }
        clients = made
    }

    /// The client of a loop of the group. Any thread.
    package func client(on loop: EventLoop) -> HTTPClient {
        clients[loop.index]
    }

    /// Shuts every client down, each on its loop. The loops must still run.
    package func shutdown() async {
        for client in clients {
            await withCheckedContinuation { continuation in
                client.loop.execute {
                    client.shutdown()
                    continuation.resume()
                }
            }
        }
    }
}
