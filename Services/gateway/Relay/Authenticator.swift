import Crypto
package import HTTPCore
package import Routing
package import Telemetry

/// Finds out who calls (contract relay §1.3): the key of `Authorization`, `x-api-key`, `api-key` or `x-goog-api-key`, in this order.
package struct Authenticator: Sendable {
    private let adminKey: Redacted<[UInt8]>

    /// Makes an authenticator that knows the admin key; other keys are looked up in the snapshot.
    package init(adminKey: Redacted<String>) {
        self.adminKey = Redacted(Self.stripped(Array(adminKey.reveal.utf8).span))
    }

    /// The caller of a request.
    ///
    /// - Throws: `RelayError.refused` with 401 for no, an unknown or a disabled key, 403 for a disabled group or a forbidden address.
    package func caller(
        _ headers: HTTPHeaders, queryKey: String? = nil, address: () -> String, table: RoutingTable?
    ) throws(RelayError) -> Caller {
        guard let key = Self.key(in: headers) ?? queryKey.flatMap(Self.key(ofQuery:)) else {
            throw .refused(
                code: .missingKey,
                message: "no API key was sent; send it as 'Authorization: Bearer <key>'")
        }
        if constantTimeEquals(key, adminKey.reveal) { return .operatorKey }
        guard let table else {
            throw .ours(code: .notReady, message: "the gateway has no configuration yet; please try again")
        }
        guard let digest = KeyDigest(bytes: SHA256.hash(key)), let tenant = table.tenant(digest) else {
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
    private static func key(in headers: HTTPHeaders) -> [UInt8]? {
        for field in fields {
            if let key = headers.withFirst(field, { stripped($0) }), !key.isEmpty { return key }
        }
        return nil
    }

    /// The key of a query; `nil` when there is none in it.
    private static func key(ofQuery text: String) -> [UInt8]? {
        let key = stripped(Array(text.utf8).span)
        return key.isEmpty ? nil : key
    }

    /// A key as it is compared: without blanks around it, the word `Bearer` in any case, and the prefix `sk-`.
    private static func stripped(_ text: Span<UInt8>) -> [UInt8] {
        var start = 0
        var end = text.count
        func skipBlanks() {
            while start < end, text[start] == UInt8(ascii: " ") { start += 1 }
        }
        func skip(_ prefix: StaticString, anyCase: Bool, isWord: Bool) {
            let length = prefix.utf8CodeUnitCount
            guard end - start >= length else { return }
            for place in 0..<length {
                let byte = anyCase ? text[start + place] | 0x20 : text[start + place]
                let wanted = unsafe prefix.utf8Start[place]
                guard byte == (anyCase ? wanted | 0x20 : wanted) else { return }
            }
            guard !isWord || start + length == end || text[start + length] == UInt8(ascii: " ") else { return }
            start += length
        }
        skipBlanks()
        while end > start, text[end - 1] == UInt8(ascii: " ") { end -= 1 }
        skip("Bearer", anyCase: true, isWord: true)
        skipBlanks()
        skip("sk-", anyCase: false, isWord: false)
        return unsafe [UInt8](unsafeUninitializedCapacity: end - start) { buffer, count in
            for place in start..<end { unsafe buffer[place - start] = text[place] }
            count = end - start
        }
    }
}
