import Contracts
import Crypto
import HTTPCore

/// The SHA-256 of a tenant key, as four words, for the table of tenants.
package struct KeyDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Takes the 32 bytes of a digest; `nil` for any other length.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        words = unsafe bytes.withUnsafeBytes { raw in
            unsafe (
                raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }

    /// Reads 64 hexadecimal digits; `nil` for anything else.
    package init?(hex: String) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var count = 0
        for digit in hex.utf8 {
            guard let value = Hex.value(digit) else { return nil }
            // Four words as one number of 256 bits; what is more than 64 digits is refused below.
            words.0 = words.0 << 4 | words.1 >> 60
            words.1 = words.1 << 4 | words.2 >> 60
            words.2 = words.2 << 4 | words.3 >> 60
            words.3 = words.3 << 4 | UInt64(value)
            count += 1
        }
        guard count == 64 else { return nil }
        // The bytes of a digest are read as they lie.
        self.words = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

/// A tenant key with what its group allows.
package final class Tenant: Sendable {
    package let tokenID: Int
    package let tokenName: String
    package let group: String
    package let isTokenEnabled: Bool
    package let isGroupEnabled: Bool
    /// The sets whose channels this tenant may use, in the order in which they are searched.
    package let sets: [String]
    /// The subnets as they were written, for the message of a refusal.
    package let subnets: [String]
    private let blocks: [AddressRange]
    private let models: Set<String>?

    init(_ token: SnapshotToken, group: SnapshotGroup?) {
        tokenID = token.id
        tokenName = token.name
        self.group = token.group
        isTokenEnabled = token.status == 1
        (isGroupEnabled, sets) = Self.terms(of: group)
        subnets = token.subnets
        blocks = token.subnets.compactMap { AddressRange($0) }
        models = token.models.isEmpty ? nil : Set(token.models.map { $0.lowercased() })
    }

    /// The same key after its group changed.
    init(_ tenant: Tenant, group: SnapshotGroup?) {
        tokenID = tenant.tokenID
        tokenName = tenant.tokenName
        self.group = tenant.group
        isTokenEnabled = tenant.isTokenEnabled
        (isGroupEnabled, sets) = Self.terms(of: group)
        subnets = tenant.subnets
        blocks = tenant.blocks
        models = tenant.models
    }

    private static func terms(of group: SnapshotGroup?) -> (isEnabled: Bool, sets: [String]) {
        let available = group?.availableSets ?? []
        return (group.map { $0.status == 1 } ?? true, available.isEmpty ? [RoutedChannel.defaultSet] : available)
    }

    /// Whether the key may be used from this address; a subnet that cannot be read allows nobody.
    package func allows(address: String) -> Bool {
        subnets.isEmpty || blocks.contains { $0.contains(address) }
    }

    /// Whether the key may use the model, by its configured spelling.
    package func allows(model: String) -> Bool {
        models?.contains(model.lowercased()) ?? true
    }
}

/// Who makes a call.
package enum Caller: Sendable {
    /// The holder of the admin key: every channel, no limits (contract relay §1.3).
    case operatorKey
    /// A tenant with an `sk-` key.
    case tenant(Tenant)

    /// The tenant, if it is one.
    package var tenant: Tenant? {
        if case .tenant(let tenant) = self { tenant } else { nil }
    }
}
