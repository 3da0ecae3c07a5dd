import Contracts
import EventLoop
import HTTPClient
import HTTPServer
import InternalHTTP
import Telemetry
import TestSupport

/// A served router on a real socket and a client of it.
struct PeerFixture: Sendable {
    static let key = Redacted("the right key")

    let loops: EventLoopGroup
    let clients: HTTPClientGroup
    let port: UInt16

    func peer(key: Redacted<String> = Self.key, base: String? = nil) -> PeerClient {
        PeerClient(
            baseURL: base ?? "http://127.0.0.1:\(port)/", key: key, clients: clients, loops: loops, logger: .silent)
    }

    /// Serves what `routes` adds, and ends everything after `body`.
    static func serving<T: Sendable>(
        _ routes: (inout Router) -> Void, _ body: (PeerFixture) async throws -> T
    ) async throws -> T {
        var router = Router()
        routes(&router)
        let handler = router
        return try await withLoops(2) { loops in
            let server = HTTPServer(
                ServerConfiguration(host: "127.0.0.1", port: 0), group: loops,
                handler: { try await handler.handle($0, $1) })
            let address = try await server.start()
            let clients = try HTTPClientGroup(group: loops)
            let result: Result<T, any Error>
            do {
                result = .success(try await body(PeerFixture(loops: loops, clients: clients, port: address.port)))
            } catch {
                result = .failure(error)
            }
            await clients.shutdown()
            await server.drain(deadline: .milliseconds(100))
            return try result.get()
        }
    }
}

/// What the test routes take and answer.
struct Sum: Codable, Sendable, Equatable {
    struct Part: Codable, Sendable, Equatable {
        var value: Int
        var note: String?
    }

    var parts: [Part]
}

extension Endpoint where Input == Sum, Output == Sum {
    static var add: Self { Self(method: .post, path: "/internal/v1/add") }
}

/// An input without members, for routes without a body.
struct Nothing: Codable, Sendable {}

extension Endpoint where Input == Nothing, Output == Sum {
    static var read: Self { Self(method: .get, path: "/internal/v1/read") }
}
