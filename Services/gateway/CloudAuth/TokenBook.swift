import EventLoop
import HTTPClient

/// What is known of tokens: which are good, which were refused lately, which are being fetched. Does no I/O and reads no clock.
///
/// ```
/// (nothing) ──ask──▶ fetching ──ended──▶ token ──its time is over, or dropped──▶ (nothing)
///                       │
///                       ├──ended: refused──▶ refusal ──a second──▶ (nothing)
///                       └──ended: fault──▶ (nothing)
/// ```
///
/// Bound: `limit` entries. When a further key comes, those whose time is over go, then the one that ends first; what is being fetched stays.
struct TokenBook {
    /// What to do for one who needs a token.
    enum Answer: Equatable {
        case token(String)
        case failed(TokenError)
        /// Fetch it; then tell `ended`.
        case fetch
        /// It is being fetched.
        case wait
    }

    private enum Entry {
        case token(String, until: MonotonicTime)
        case refusal(TokenError, until: MonotonicTime)
        case fetching

        /// When its time is over; `nil` for what is being fetched.
        var end: MonotonicTime? {
            switch self {
            case .token(_, let until), .refusal(_, let until): until
            case .fetching: nil
            }
        }
    }

    private var entries: [String: Entry] = [:]
    private let limit: Int
    /// How long a refusal answers for the issuer, so that a key that is not good does not ask it once for every call.
    static let refusalLifetime: Duration = .seconds(1)

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { entries.count }

    /// The good token of a key; `nil` when there is none.
    func token(_ key: String, at now: MonotonicTime) -> String? {
        guard case .token(let token, let until)? = entries[key], now < until else { return nil }
        return token
    }

    /// What to do for one who needs the token of a key.
    mutating func ask(_ key: String, at now: MonotonicTime) -> Answer {
        switch entries[key] {
        case .fetching?: return .wait
        case .token(let token, let until)? where now < until: return .token(token)
        case .refusal(let error, let until)? where now < until: return .failed(error)
        case .token?, .refusal?, nil: break
        }
        entries[key] = nil
        guard makeRoom(at: now) else { return .failed(.transport(.exhausted)) }
        entries[key] = .fetching
        return .fetch
    }

    /// A fetch is over.
    mutating func ended(_ key: String, _ result: Result<IssuedToken, TokenError>, at now: MonotonicTime) {
        switch result {
        case .success(let issued):
            entries[key] = .token(issued.token, until: now.advanced(by: issued.use))
        case .failure(let error):
            switch error {
            case .unusable, .refused:
                entries[key] = .refusal(error, until: now.advanced(by: Self.refusalLifetime))
            case .badAnswer, .transport, .cancelled:
                entries[key] = nil
            }
        }
    }

    /// Forgets a token that its upstream refused; nothing happens when there is another one already.
    mutating func drop(_ key: String, _ token: String) {
        if case .token(token, _)? = entries[key] { entries[key] = nil }
    }

    /// Whether there is room for a further key.
    private mutating func makeRoom(at now: MonotonicTime) -> Bool {
        guard entries.count >= limit else { return true }
        entries = entries.filter { entry in entry.value.end.map { now < $0 } ?? true }
        guard entries.count >= limit else { return true }
        let ends = entries.compactMap { entry in entry.value.end.map { (key: entry.key, end: $0) } }
        guard let first = ends.min(by: { $0.end < $1.end }) else { return false }
        entries[first.key] = nil
        return true
    }
}
