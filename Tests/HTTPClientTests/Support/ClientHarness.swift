import EventLoop
import Glibc
import HTTPCore

@testable import HTTPClient

/// The two ways behind the client; tests of behaviour run over both.
enum Way: String, CaseIterable, Sendable {
    case curl, own
}

/// Runs `body` on a loop with a client, and shuts both down afterwards.
func withClient<T: Sendable>(
    _ way: Way = .own, configure: (inout ClientConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (HTTPClient) async throws -> T
) async throws -> T {
    var configuration = ClientConfiguration()
    configuration.speaksPlainHTTPItself = way == .own
    configure(&configuration)
    let loop = try EventLoop(name: "client-test")
    let client = try HTTPClient(loop: loop, configuration: configuration)
    try loop.start()
    let result: Result<T, any Error> = await withCheckedContinuation { continuation in
        loop.spawn {
            let result: Result<T, any Error>
            do { result = .success(try await body(client)) } catch { result = .failure(error) }
            client.shutdown()
            continuation.resume(returning: result)
        }
    }
    loop.stop()
    loop.join()
    return try result.get()
}

extension ClientRequest {
    static func get(_ url: String) -> ClientRequest {
        ClientRequest(method: .get, url: url, poolKey: url)
    }

    static func post(_ url: String, _ body: ClientBody) -> ClientRequest {
        ClientRequest(
            method: .post, url: url, headers: ["Content-Type": "application/octet-stream"], body: body, poolKey: url)
    }
}

extension HTTPClient {
    /// Sends a request and reads the whole answer.
    func fetch(_ request: ClientRequest) async throws(HTTPClientError) -> (status: Int, body: String, reused: Bool) {
        let response = try await begin(request).response()
        let body = try await response.collect(upTo: 64 * 1024 * 1024)
        return (response.status, String(decoding: body, as: UTF8.self), response.timing.reusedConnection)
    }
}

/// The error of an operation that must fail.
func failure<T>(_ body: () async throws(HTTPClientError) -> T) async -> HTTPClientError? {
    do throws(HTTPClientError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// Waits, at most ten seconds, until a condition holds.
func eventually(on loop: EventLoop, _ condition: () -> Bool) async throws -> Bool {
    let end = MonotonicTime.now().advanced(by: .seconds(10))
    while MonotonicTime.now() < end {
        if condition() { return true }
        try await loop.sleep(for: .milliseconds(2))
    }
    return condition()
}
