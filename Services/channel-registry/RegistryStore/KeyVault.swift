package import Crypto
import Synchronization
package import Telemetry

/// A key as it could be read from its sealed text.
package enum StoredKey: Equatable, Sendable {
    /// There is no key.
    case none
    /// The key in clear.
    case open(Redacted<String>)
    /// The sealed text was made with a `SECRETS_KEY` that is not at hand, or was moved or changed.
    case unreadable

    /// The key as an administrator's list shows it: an unreadable one as empty.
    package var shown: String {
        switch self {
        case .none, .unreadable: ""
        case .open(let key): key.reveal
        }
    }
}

/// Seals and opens the keys of channels and tokens, and remembers which cannot be opened.
///
/// One unreadable key must not hide the others, so it is shown as empty and counted for `/metrics` until it can be opened or is replaced; the first
/// ones are reported in the log, each once, and the audit at the start says how many there are.
package final class KeyVault: Sendable {
    /// Where a key belongs; a sealed text opens only in its own place.
    package enum Place: Hashable, Sendable {
        case channel(Int)
        case token(Int)

        var context: String {
            switch self {
            case .channel(let id): "channel:\(id)"
            case .token(let id): "token:\(id)"
            }
        }
    }

    private static let reported = 20

    private let box: SecretBox
    private let logger: Logger
    private let unreadable = Mutex<Set<Place>>([])

    /// A vault over one box.
    package init(box: SecretBox, logger: Logger) {
        self.box = box
        self.logger = logger
    }

    /// How many stored keys are known to be unreadable.
    package var unreadableCount: Int { unreadable.withLock { $0.count } }

    /// Seals a key for its row; an empty key stays empty.
    func seal(_ key: Redacted<String>, _ place: Place) -> String {
        forget(place)
        return key.reveal.isEmpty ? "" : box.seal(key.reveal, context: place.context)
    }

    /// Opens the key of a row.
    func open(_ sealed: String, _ place: Place) -> StoredKey {
        guard !sealed.isEmpty else { return .none }
        do throws(CryptoError) {
            let key = try box.open(sealed, context: place.context)
            forget(place)
            return .open(key)
        } catch {
            report(place, error)
            return .unreadable
        }
    }

    /// Drops what is remembered about a row that was deleted.
    func forget(_ place: Place) {
        _ = unreadable.withLock { $0.remove(place) }
    }

    /// Says in the log how many keys cannot be opened, when there are any.
    func reportUnreadable() {
        let count = unreadableCount
        guard count > 0 else { return }
        logger.error(
            "stored keys cannot be opened: start the service with the SECRETS_KEY that sealed them, or enter them again",
            ["count": .integer(count), "key_id": .string(box.keyID)])
    }

    private func report(_ place: Place, _ error: CryptoError) {
        let isNews = unreadable.withLock { $0.insert(place).inserted && $0.count <= Self.reported }
        guard isNews else { return }
        let reason =
            switch error {
            case .unknownKey(let id): "it was sealed with another SECRETS_KEY (key id \(id), ours is \(box.keyID))"
            case .authenticationFailed: "its bytes were changed, or it was copied from another row"
            case .malformed, .keyLength: "it is not a sealed text"
            }
        logger.error(
            "a stored key cannot be opened and is shown as empty",
            ["place": .string(place.context), "reason": .string(reason)])
    }
}
