import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InferenceModel
import Synchronization
import TestSupport
import Testing

@testable import CloudAuth

@Suite("Token cache", .timeLimit(.minutes(1)))
struct TokenCacheTests {
    /// Runs with an issuer on 127.0.0.1 that takes its time, on two loops.
    private func withIssuer<T: Sendable>(
        _ body: (TokenCache, TokenGrant, HTTPClientGroup, EventLoopGroup, Issuer) async throws -> T
    ) async throws -> T {
        try await withLoops(2) { group in
            let issuer = Issuer()
            let server = HTTPServer(
                ServerConfiguration(host: "127.0.0.1", port: 0), group: group,
                handler: { try await issuer.answer($0, $1) })
            let port = try await server.start().port
            let clients = try HTTPClientGroup(group: group)
            let grant = TokenGrant(address: "http://127.0.0.1:\(port)/token?secret=s", request: .plain(.post))
            let result = try await body(TokenCache(), grant, clients, group, issuer)
            await clients.shutdown()
            await server.drain(deadline: .seconds(1))
            return result
        }
    }

    private func ask(
        _ cache: TokenCache, _ grant: TokenGrant, _ clients: HTTPClientGroup, on loop: EventLoop
    ) async throws -> Result<String, TokenError> {
        try await loop.run {
            do throws(TokenError) {
                return .success(try await cache.token(grant, over: .init(), client: clients.client(on: loop)))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test("fifty calls on two loops cost one fetch, and the token is at hand afterwards")
    func singleFlight() async throws {
        try await withIssuer { cache, grant, clients, group, issuer in
            #expect(cache.current(grant) == nil)
            try await withThrowingTaskGroup(of: Result<String, TokenError>.self) { tasks in
                for place in 0..<50 {
                    tasks.addTask { try await ask(cache, grant, clients, on: group.loops[place % 2]) }
                }
                for try await result in tasks { #expect(result == .success("token-1")) }
            }
            #expect(issuer.asked.withLock { $0 } == 1)
            #expect(cache.current(grant) == "token-1")
            cache.drop("token-1", of: grant)
            #expect(try await ask(cache, grant, clients, on: group.loops[1]) == .success("token-2"))
            var other = grant
            other.address += "2"
            #expect(cache.current(other) == nil)
            #expect(try await ask(cache, other, clients, on: group.loops[0]) == .success("token-3"))
        }
    }

    @Test("who leaves ends the wait, not the fetch that others wait for")
    func leaving() async throws {
        try await withIssuer { cache, grant, clients, group, issuer in
            let loop = group.loops[0]
            let client = clients.client(on: loop)
            let left = try await loop.run { () -> (Bool, Duration) in
                let task = Task.immediate(executorPreference: loop) {
                    (try? await cache.token(grant, over: .init(), client: client)) == nil
                }
                let started = MonotonicTime.now()
                task.cancel()
                return (await task.value, started.duration(to: .now()))
            }
            #expect(left.0 && left.1 < .milliseconds(150))
            #expect(try await ask(cache, grant, clients, on: group.loops[1]) == .success("token-1"))
            #expect(issuer.asked.withLock { $0 } == 1)
        }
    }

    @Test("all who wait get the refusal, and soon after it the issuer is asked again")
    func refused() async throws {
        try await withIssuer { cache, grant, clients, group, issuer in
            issuer.refuses.withLock { $0 = true }
            let expected: Result<String, TokenError> = .failure(.refused(status: 400, reason: "invalid_grant"))
            async let first = ask(cache, grant, clients, on: group.loops[0])
            async let second = ask(cache, grant, clients, on: group.loops[1])
            #expect(try await [first, second] == [expected, expected])
            #expect(issuer.asked.withLock { $0 } == 1)
            issuer.refuses.withLock { $0 = false }
            #expect(try await ask(cache, grant, clients, on: group.loops[0]) == expected)
            try await group.loops[0].run { try await group.loops[0].sleep(for: TokenBook.refusalLifetime) }
            #expect(try await ask(cache, grant, clients, on: group.loops[0]) == .success("token-2"))
        }
    }

    @Test("an issuer that cannot be reached is a fault of transport")
    func unreachable() async throws {
        try await withIssuer { cache, _, clients, group, _ in
            let grant = TokenGrant(address: "http://127.0.0.1:1/token", request: .plain(.get))
            let result = try await ask(cache, grant, clients, on: group.loops[0])
            guard case .failure(.transport(.connect)) = result else {
                Issue.record("it ended with \(result)")
                return
            }
        }
    }
}

/// Gives numbered tokens after a while.
private final class Issuer: Sendable {
    let asked = Mutex(0)
    let refuses = Mutex(false)

    func answer(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let number = asked.withLock { asked in
            asked += 1
            return asked
        }
        try await request.loop.sleep(for: .milliseconds(200))
        guard !refuses.withLock({ $0 }) else {
            return try writer.respond(.badRequest, [:], Array(#"{"error":"invalid_grant"}"#.utf8))
        }
        let body = #"{"access_token":"token-\#(number)","expires_in":3600}"#
        try writer.respond(.ok, ["content-type": "application/json"], Array(body.utf8))
    }
}
