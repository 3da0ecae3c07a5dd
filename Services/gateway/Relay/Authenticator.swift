import Crypto
package import HTTPCore
package import Routing
package import Telemetry

/// Finds out who calls (contract relay §1.3): the key of `Authorization`, `x-api-key`, `api-key` or `x-goog-api-key`, in this order.
package struct Authenticator: Sendable {
    private let adminKey: Redacted<String>

    /// Makes an authenticator that knows the admin key; other keys are looked up in the snapshot.
    package init(adminKey: Redacted<String>) {
        self.adminKey = Redacted(Self.stripped(adminKey.reveal))
    }

    /// The caller of a request.
    ///
    /// - Throws: `RelayError.refused` with 401 for no, an unknown or a disabled key, 403 for a disabled group or a forbidden address.
    package func caller(
        _ headers: HTTPHeaders, address: () -> String, table: RoutingTable?
    ) throws(RelayError) -> Caller {
        guard let key = Self.key(in: headers) else {
            throw .refused(
                code: .missingKey,
                message: "no API key was sent; send it as 'Authorization: Bearer <key>'")
        }
        if constantTimeEquals(Array(key.utf8), Array(adminKey.reveal.utf8)) { return .operatorKey }
        guard let table else {
            throw .ours(code: .notReady, message: "the gateway has no configuration yet; please try again")
        }
        guard let digest = KeyDigest(bytes: SHA256.hash(Array(key.utf8))), let tenant = table.tenant(digest) else {
            throw .refused(code: .invalidKey, message: "the API key is not valid")
        }
        guard tenant.isTokenEnabled else {
            throw .refused(code: .keyDisabled, message: "token (\(tenant.tokenName)[\(tenant.tokenID)]) is disabled")
        }
        if !tenant.subnets.isEmpty {
            let address = address()
            guard tenant.allows(address: address) else {
                let list = tenant.subnets.joined(separator: " ")
                throw .refused(
                    code: .addressNotAllowed,
                    message:
                        "token (\(tenant.tokenName)[\(tenant.tokenID)]) can only be used in the specified subnets: "
                        + "[\(list)], current ip: \(address)")
            }
        }
        guard tenant.isGroupEnabled else { throw .refused(code: .groupDisabled, message: "group is disabled") }
        return .tenant(tenant)
    }

    private static let fields = ["authorization", "x-api-key", "api-key", "x-goog-api-key"]

    /// The first credential that is not empty, without `Bearer ` and `sk-`.
    static func key(in headers: HTTPHeaders) -> String? {
        for field in fields {
            guard let value = headers.first(field) else { continue }
            let key = stripped(value)
            if !key.isEmpty { return key }
        }
        return nil
    }

    static func stripped(_ text: String) -> String {
        var key = text[...]
        if key.utf8.count >= 7,
            key.utf8.prefix(7).elementsEqual("Bearer ".utf8) || key.prefix(7).lowercased() == "bearer "
        {
            key = key.dropFirst(7)
        }
        while key.first == " " { key = key.dropFirst() }
        while key.last == " " { key = key.dropLast() }
        if key.hasPrefix("sk-") { key = key.dropFirst(3) }
        return String(key)
    }
}
