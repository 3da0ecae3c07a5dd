import InferenceModel
import JSON

/// A token as its issuer gave it.
struct IssuedToken: Equatable {
    let token: String
    /// For how long it is used, from now on.
    let use: Duration

    /// A token is no longer than this, in bytes; longer ones do not fit in the head of a request.
    private static let longest = 16 * 1024
    /// The longest life that is believed.
    private static let most = 30 * 86_400.0
    /// No words of an issuer are longer, in bytes.
    private static let longestReason = 300

    /// Reads an issuer's answer.
    ///
    /// - Throws: `refused` when it tells an error or has a status of one, `badAnswer` when it makes no sense.
    init(_ grant: TokenGrant, status: Int, body: [UInt8]) throws(TokenError) {
        let answer = (try? JSONValue.parse(body))?.object
        guard status == 200 || status == 201, let answer, let token = answer[grant.tokenMember]?.string, !token.isEmpty
        else {
            let reason = answer.flatMap(Self.reason)
            guard reason != nil || !(200..<400).contains(status) else { throw .badAnswer }
            throw .refused(
                status: status, reason: Self.clean(reason ?? "it answered with status \(status)", of: grant.secrets))
        }
        guard token.utf8.count <= Self.longest, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .badAnswer
        }
        self.token = token
        let told = answer[grant.lifetimeMember]
        let seconds = told?.double ?? told?.string.flatMap(Double.init) ?? Double(grant.assumedLifetime)
        guard seconds > 0 else { throw .badAnswer }
        let lifetime = Duration.milliseconds(Int64(min(seconds, Self.most) * 1000))
        // A token whose whole life is shorter than the margin is used for half of it.
        use = max(lifetime - grant.margin, lifetime / 2)
    }

    /// The words of an error of OAuth (RFC 6749 §5.2), of Google's form, or of Baidu's.
    private static func reason(_ answer: JSONObject) -> String? {
        guard let error = answer["error"] else { return answer["message"]?.string }
        let words = [
            error.string, answer["error_description"]?.string, error["status"]?.string, error["message"]?.string,
        ].compactMap { $0 }.filter { !$0.isEmpty }
        return words.isEmpty ? nil : words.joined(separator: ": ")
    }

    /// An issuer's words, without secrets that it repeats, and cut.
    private static func clean(_ reason: String, of secrets: [String]) -> String {
        var reason = reason
        for secret in secrets where !secret.isEmpty { reason = reason.replacing(secret, with: "•••") }
        guard reason.utf8.count > longestReason else { return reason }
        return String(decoding: reason.utf8.prefix(longestReason), as: UTF8.self) + "…"
    }
}

extension TokenGrant {
    /// What must not be shown of it: the private key, or the query that holds the secrets.
    var secrets: [String] {
        switch request {
        case .assertion(let account): [account.privateKey]
        case .signed(let keys): [keys.secretKey, keys.accessKey]
        case .plain:
            address.split(separator: "?", maxSplits: 1).dropFirst().flatMap { query in
                query.split(separator: "&").compactMap { member in
                    member.split(separator: "=", maxSplits: 1).dropFirst().first.map(String.init)
                }
            }
        }
    }
}
