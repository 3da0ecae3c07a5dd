import Glibc

/// Who may call: any API key that does not say `invalid`, and signatures made with the secret `secret-of-{access key}`. Keys that begin with `ASIA` need a session token.
enum BedrockSignature {
    private static let mismatch = (
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'POST\nhost:secret-host'\n"
    )

    /// The name and the text of what is wrong; `nil` when the call may be made.
    static func fault(_ request: MockRequest) -> (name: String, message: String)? {
        var fields: [String: String] = [:]
        for (name, value) in request.headers { fields[name.lowercased()] = value }
        guard let authorization = fields["authorization"] else {
            return ("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        if authorization.hasPrefix("Bearer ") {
            return authorization.contains("invalid")
                ? ("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.") : nil
        }
        let words = authorization.split { $0 == " " || $0 == "," }
        guard words.first == "AWS4-HMAC-SHA256", let credential = value("Credential", words),
            let signed = value("SignedHeaders", words), let signature = value("Signature", words)
        else { return ("IncompleteSignatureException", "Authorization header requires its parts") }
        let scope = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard scope.count == 5, scope[3] == "bedrock", scope[4] == "aws4_request" else {
            return ("InvalidSignatureException", "Credential should be scoped to correct service: 'bedrock'.")
        }
        let names = signed.split(separator: ";").map(String.init)
        let needed = fields.keys.filter { $0 == "host" || $0 == "content-type" || $0.hasPrefix("x-amz-") }
        guard names == names.sorted(), Set(names).isSuperset(of: needed), names.contains("x-amz-date") else {
            return ("InvalidSignatureException", "'\(needed.sorted().joined(separator: ";"))' must be signed")
        }
        if scope[0].hasPrefix("ASIA") != (fields["x-amz-security-token"] != nil) {
            return ("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        guard let time = fields["x-amz-date"], time.hasPrefix(scope[1]), isNow(time) else {
            return ("InvalidSignatureException", "Signature expired")
        }
        let digest = hex(MockSHA256.hash(request.body))
        guard fields["x-amz-content-sha256"] == nil || fields["x-amz-content-sha256"] == digest else {
            return ("InvalidSignatureException", "x-amz-content-sha256 is not that of the body")
        }
        // Every service but S3 encodes the path, which came encoded, once more.
        let canonical =
            "\(request.method)\n\(encoded(request.path))\n\n"
            + names.map { "\($0):\(fields[$0] ?? "")\n" }.joined() + "\n\(signed)\n\(digest)"
        let text =
            "AWS4-HMAC-SHA256\n\(time)\n\(scope.dropFirst().joined(separator: "/"))\n"
            + hex(MockSHA256.hash(Array(canonical.utf8)))
        var key = Array("AWS4secret-of-\(scope[0])".utf8)
        for part in scope.dropFirst() { key = MockSHA256.code(key, Array(part.utf8)) }
        return hex(MockSHA256.code(key, Array(text.utf8))) == signature ? nil : mismatch
    }

    private static func value(_ name: String, _ words: [Substring]) -> String? {
        words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// Whether a time, such as `20150830T123600Z`, is the present one, give or take five minutes.
    private static func isNow(_ text: String) -> Bool {
        let digits = text.utf8.filter { (48...57).contains($0) }.map { Int($0) - 48 }
        guard digits.count == 14, text.utf8.count == 16 else { return false }
        func number(_ places: Range<Int>) -> Int { digits[places].reduce(0) { $0 * 10 + $1 } }
        // Years that begin in March have their odd day at the end.
        let month = (number(4..<6) + 9) % 12
        let year = number(0..<4) - (month > 9 ? 1 : 0)
        let days =
            year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + number(6..<8) - 1 - 719_468
        let stamp = days * 86_400 + number(8..<10) * 3600 + number(10..<12) * 60 + number(12..<14)
        return abs(stamp - time(nil)) < 300
    }

    private static func encoded(_ path: Substring) -> String {
        path.utf8.map { byte in
            switch byte {
            case 45, 46, 47, 95, 126, 48...57, 65...90, 97...122: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// SHA-256 (FIPS 180-4) and HMAC, of the mock's own: a fault of the product's cannot hide behind the same fault here.
enum MockSHA256 {
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    static func hash(_ message: [UInt8]) -> [UInt8] {
        var bytes = message + [0x80]
        while bytes.count % 64 != 56 { bytes.append(0) }
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: UInt64(message.count * 8) >> (56 - 8 * UInt64($0))) }
        var state: [UInt32] = [
            0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
        ]
        for start in stride(from: 0, to: bytes.count, by: 64) { mix(bytes[start..<start + 64], into: &state) }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }

    private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
        func turned(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
        let first = block.startIndex
        var words = (0..<16).map { place in
            (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[first + place * 4 + $1]) }
        }
        for place in 16..<64 {
            let early = words[place - 15], late = words[place - 2]
            words.append(
                words[place - 16] &+ (turned(early, 7) ^ turned(early, 18) ^ early >> 3) &+ words[place - 7]
                    &+ (turned(late, 17) ^ turned(late, 19) ^ late >> 10))
        }
        var now = state
        for place in 0..<64 {
            let (a, e) = (now[0], now[4])
            let choice = (e & now[5]) ^ (~e & now[6])
            let major = (a & now[1]) ^ (a & now[2]) ^ (now[1] & now[2])
            let one =
                now[7] &+ (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) &+ choice &+ constants[place] &+ words[place]
            let two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) &+ major
            now = [one &+ two, a, now[1], now[2], now[3] &+ one, e, now[5], now[6]]
        }
        for place in 0..<8 { state[place] &+= now[place] }
    }

    /// The code of a message (RFC 2104).
    static func code(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var key = key.count > 64 ? hash(key) : key
        key += [UInt8](repeating: 0, count: 64 - key.count)
        return hash(key.map { $0 ^ 0x5c } + hash(key.map { $0 ^ 0x36 } + message))
    }
}
