/// RSA keys of openssl's making, and its verification of signatures; the folder goes with the value.
package final class SigningKeys: Sendable {
    private let folder: String

    /// Makes keys of this many bits.
    ///
    /// - Throws: When openssl fails.
    package init(bits: Int = 2048) throws {
        folder = try Command.check(["mktemp", "-d", "/tmp/switchboard-keys.XXXXXX"]).filter { $0 != "\n" }
        try openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)", "-out", "\(folder)/key.pem")
        try openssl("pkey", "-in", "\(folder)/key.pem", "-pubout", "-out", "\(folder)/public.pem")
    }

    deinit {
        _ = try? Command.run(["rm", "-r", folder])
    }

    /// The private key in PKCS#8.
    package func pkcs8() throws -> String {
        try Command.check(["cat", "\(folder)/key.pem"])
    }

    /// The private key in PKCS#1.
    package func pkcs1() throws -> String {
        try openssl("rsa", "-in", "\(folder)/key.pem", "-traditional", "-out", "\(folder)/pkcs1.pem")
        return try Command.check(["cat", "\(folder)/pkcs1.pem"])
    }

    /// The private key in PKCS#8, under a password.
    package func encrypted() throws -> String {
        try openssl(
            "pkcs8", "-topk8", "-in", "\(folder)/key.pem", "-passout", "pass:secret", "-out", "\(folder)/encrypted.pem")
        return try Command.check(["cat", "\(folder)/encrypted.pem"])
    }

    /// A private key for elliptic curves.
    package func elliptic() throws -> String {
        try openssl(
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "\(folder)/elliptic.pem")
        return try Command.check(["cat", "\(folder)/elliptic.pem"])
    }

    /// Whether openssl takes the signature (RSASSA-PKCS1-v1_5 with SHA-256) of a text without quotes.
    package func verifies(_ signatureHex: String, of text: String) throws -> Bool {
        try Command.check(["bash", "-c", "printf '%s' '\(text)' > \(folder)/text"])
        let bytes = stride(from: 0, to: signatureHex.utf8.count, by: 2).map { place in
            "\\x" + signatureHex.dropFirst(place).prefix(2)
        }
        try Command.check(["bash", "-c", "printf '\(bytes.joined())' > \(folder)/signature"])
        return try Command.run([
            "openssl", "dgst", "-sha256", "-verify", "\(folder)/public.pem", "-signature", "\(folder)/signature",
            "\(folder)/text",
        ]).status == 0
    }

    private func openssl(_ arguments: String...) throws {
        try Command.check(["openssl"] + arguments)
    }
}
