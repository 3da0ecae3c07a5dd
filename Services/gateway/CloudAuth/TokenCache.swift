import Crypto
import EventLoop
package import HTTPClient
import HTTPCore
package import InferenceModel
import Synchronization
import Telemetry

/// The tokens of all channels of the process; any loop asks, one fetch at a time is under way for each key.
///
/// A token is known by the digest of its grant, so that the cache holds no key. Callers wait for a fetch that another began, also on another loop; it goes on
/// when the one who began it leaves.
package final class TokenCache: Sendable {
    /// How the issuer is reached: as the channel's own upstream is.
    package struct Way: Sendable {
        package var proxy: String?
        package var verifiesTLS: Bool

        package init(proxy: String? = nil, verifiesTLS: Bool = true) {
            self.proxy = proxy
            self.verifiesTLS = verifiesTLS
        }
    }

    private typealias Waiter = CheckedContinuation<Result<String, TokenError>, Never>

    private struct State {
        var book: TokenBook
        var waiters: [String: [Int: Waiter]] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>
    private static let longestAnswer = 64 * 1024

    /// Makes an empty cache.
    ///
    /// - Parameter limit: How many tokens are kept.
    package init(limit: Int = 1024) {
        state = Mutex(State(book: TokenBook(limit: limit)))
    }

    /// The token of a grant when it is at hand. Any thread.
    package func current(_ grant: TokenGrant) -> String? {
        let key = grant.digest
        let now = MonotonicTime.now()
        return state.withLock { $0.book.token(key, at: now) }
    }

    /// Forgets a token that its upstream refused. Any thread.
    package func drop(_ token: String, of grant: TokenGrant) {
        let key = grant.digest
        state.withLock { $0.book.drop(key, token) }
    }

    /// The token of a grant; fetched when there is none. On the client's loop; ends early when the task is cancelled.
    ///
    /// - Throws: `TokenError` telling why there is none.
    package func token(_ grant: TokenGrant, over way: Way, client: HTTPClient) async throws(TokenError) -> String {
        let key = grant.digest
        let id = state.withLock { state in
            state.nextWaiter &+= 1
            return state.nextWaiter
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                switch register(waiter, id, key) {
                case .token(let token): waiter.resume(returning: .success(token))
                case .failed(let error): waiter.resume(returning: .failure(error))
                case .fetch: client.loop.spawn { await self.fetch(grant, key, over: way, client: client) }
                case .wait: break
                }
                if Task.isCancelled { leave(id, key) }
            }
        } onCancel: {
            leave(id, key)
        }
        return try result.get()
    }

    /// Asks the book, and keeps the waiter when it must wait.
    private func register(_ waiter: Waiter, _ id: Int, _ key: String) -> TokenBook.Answer {
        let now = MonotonicTime.now()
        return state.withLock { state in
            let answer = state.book.ask(key, at: now)
            if answer == .fetch || answer == .wait { state.waiters[key, default: [:]][id] = waiter }
            return answer
        }
    }

    private func leave(_ id: Int, _ key: String) {
        let waiter = state.withLock { $0.waiters[key]?.removeValue(forKey: id) }
        waiter?.resume(returning: .failure(.cancelled))
    }

    /// Fetches a token and tells all who wait.
    private func fetch(_ grant: TokenGrant, _ key: String, over way: Way, client: HTTPClient) async {
        let result: Result<IssuedToken, TokenError>
        do throws(TokenError) {
            result = .success(try await Self.ask(grant, over: way, client: client))
        } catch {
            result = .failure(error)
        }
        let now = MonotonicTime.now()
        let waiters = state.withLock { state in
            state.book.ended(key, result, at: now)
            return state.waiters.removeValue(forKey: key) ?? [:]
        }
        let token = result.map(\.token)
        for waiter in waiters.values { waiter.resume(returning: token) }
    }

    private static func ask(
        _ grant: TokenGrant, over way: Way, client: HTTPClient
    ) async throws(TokenError) -> IssuedToken {
        var request = try TokenRequest.make(grant, unixTime: Int(WallClock.microseconds() / 1_000_000))
        request.proxy = way.proxy
        request.verifiesTLS = way.verifiesTLS
        let transfer = client.begin(request)
        let status: Int
        let body: [UInt8]
        do throws(HTTPClientError) {
            let response = try await transfer.response()
            status = response.status
            body = try await response.collect(upTo: longestAnswer)
        } catch {
            transfer.cancel()
            throw .transport(error)
        }
        return try IssuedToken(grant, status: status, body: body)
    }
}

extension TokenGrant {
    /// What tells two grants apart, as a digest; no secret.
    fileprivate var digest: String {
        let parts: [String] =
            switch request {
            case .plain(let method): ["plain", method.rawValue, address]
            case .signed(let keys): ["signed", address, keys.accessKey, keys.secretKey]
            case .assertion(let account):
                ["assertion", address, account.email, account.keyID, account.privateKey, account.scope]
            }
        return SHA256.hex(parts.map { "\($0.utf8.count):\($0)" }.joined())
    }
}
