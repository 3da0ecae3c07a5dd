import Crypto
package import Dialects
package import HTTPCore
import Telemetry

/// AWS's signature of requests, version 4, in the `Authorization` field (contract providers §8; AWS IAM user guide, "Create a signed AWS API request"). Pure.
///
/// Signed are the method, the address, `host`, `content-type`, every `x-amz-` field and the body: what is signed must be sent to the byte.
package struct SigV4: Sendable {
    private let key: AWSKey

    package init(_ key: AWSKey) {
        self.key = key
    }

    /// Signs a request; adds the fields `host`, `x-amz-date`, `x-amz-content-sha256`, `x-amz-security-token` where the key has a token, and `authorization`.
    ///
    /// - Parameters:
    ///   - url: An absolute address, percent-encoded as it is sent.
    ///   - body: The bytes that are sent.
    ///   - microseconds: The time of day in microseconds since 1970; AWS takes it when it is off by less than five minutes.
    package func sign(
        _ method: HTTPMethod, url: String, headers: inout HTTPHeaders, body: [UInt8], at microseconds: Int64
    ) {
        let address = Address(url)
        let digest = Hex.encode(SHA256.hash(body))
        let time = Self.time(microseconds)
        headers.replace("host", address.host)
        headers.replace("x-amz-date", time)
        headers.replace("x-amz-content-sha256", digest)
        if let token = key.sessionToken { headers.replace("x-amz-security-token", token) }
        var signed: [(name: String, value: String)] = []
        headers.forEach { name, value in
            let name = name.lowercased()
            guard name == "host" || name == "content-type" || name.hasPrefix("x-amz-") else { return }
            signed.append((name, value))
        }
        let authorization = authorization(
            method.rawValue, path: address.path, query: address.query, fields: signed, digest: digest, time: time)
        headers.replace("authorization", authorization)
    }

    /// The value of the `Authorization` field.
    ///
    /// - Parameters:
    ///   - path: As it is sent; it is encoded once more, as all services but S3 want it.
    ///   - query: As it is sent, without a question mark.
    ///   - fields: All that are signed; names in lower case, `host` and `x-amz-date` among them.
    ///   - digest: The SHA-256 of the body in hexadecimal.
    ///   - time: Such as `20150830T123600Z`.
    func authorization(
        _ method: String, path: String, query: String, fields: [(name: String, value: String)], digest: String,
        time: String
    ) -> String {
        var values: [String: String] = [:]
        for (name, value) in fields {
            let text = Self.trimmed(value)
            values[name] = values[name].map { "\($0),\(text)" } ?? text
        }
        let names = values.keys.sorted()
        let signedNames = names.joined(separator: ";")
        let lines = names.map { "\($0):\(values[$0] ?? "")\n" }.joined()
        let request = [
            method, Self.encoded(path.isEmpty ? "/" : path), Self.sorted(query), lines, signedNames, digest,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(key.region)/\(key.service)/aws4_request"
        let text = ["AWS4-HMAC-SHA256", time, scope, SHA256.hex(request)].joined(separator: "\n")
        var secret = Array("AWS4\(key.secretKey)".utf8)
        for part in [day, key.region, key.service, "aws4_request"] {
            secret = HMAC.sha256(key: secret, message: Array(part.utf8))
        }
        let signature = Hex.encode(HMAC.sha256(key: secret, message: Array(text.utf8)))
        return "AWS4-HMAC-SHA256 Credential=\(key.accessKey)/\(scope), SignedHeaders=\(signedNames), "
            + "Signature=\(signature)"
    }

    /// `20150830T123600Z`.
    static func time(_ microseconds: Int64) -> String {
        RFC3339.text(microseconds).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    private static func encoded(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { PathText.escaped(String($0)) }
            .joined(separator: "/")
    }

    private static func sorted(_ query: String) -> String {
        query.split(separator: "&").map { $0.contains("=") ? String($0) : "\($0)=" }.sorted().joined(separator: "&")
    }

    /// Without blanks at the ends, and with single ones inside.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }

    /// The parts of an absolute address.
    private struct Address {
        /// As the `Host` field has it: without the port that the scheme implies.
        let host: String
        let path: String
        let query: String

        init(_ url: String) {
            let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
            let rest = url[start...].prefix { $0 != "#" }
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let target = rest[authority.endIndex...]
            path = String(target.prefix { $0 != "?" })
            query = String(target.drop { $0 != "?" }.dropFirst())
            var host = authority.split(separator: "@").last.map(String.init) ?? ""
            let port = url.lowercased().hasPrefix("http://") ? ":80" : ":443"
            if host.hasSuffix(port) { host.removeLast(port.count) }
            self.host = host
        }
    }
}
