import CLibCrypto

/// An RSA private key that signs (RSASSA-PKCS1-v1_5 with SHA-256, the `RS256` of JSON Web Signatures).
@safe
package final class RSAKey: Sendable {
    // SAFETY: made in init, freed in deinit, never changed between; libcrypto signs with one key on several threads.
    nonisolated(unsafe) private let key: OpaquePointer

    /// A key is no longer text than this, in bytes.
    private static let longestText = 64 * 1024
    /// Longer keys take more than a moment to sign with; shorter ones are refused by everybody.
    private static let bits: ClosedRange<Int32> = 1024...8192

    /// Reads a key in PEM: PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`), not encrypted.
    ///
    /// - Throws: `malformed` for anything else.
    package init(pem: String) throws(CryptoError) {
        let text = Array(pem.utf8)
        guard !text.isEmpty, text.count <= Self.longestText else { throw .malformed }
        // libcrypto copies nothing of the text, which must outlive the reading.
        let read = unsafe text.withUnsafeBytes { text -> OpaquePointer? in
            guard let bio = unsafe BIO_new_mem_buf(text.baseAddress, Int32(text.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            return unsafe PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
        }
        ERR_clear_error()
        guard let read = unsafe read else { throw .malformed }
        guard unsafe EVP_PKEY_get_base_id(read) == EVP_PKEY_RSA, unsafe Self.bits.contains(EVP_PKEY_get_bits(read))
        else {
            unsafe EVP_PKEY_free(read)
            throw .malformed
        }
        unsafe key = read
    }

    deinit {
        unsafe EVP_PKEY_free(key)
    }

    /// The signature of the bytes, as long as the key's modulus.
    ///
    /// - Throws: `malformed` for a key whose numbers do not belong together.
    package func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("libcrypto is out of memory") }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var length = Int(unsafe EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: length)
        let isSigned =
            unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        guard isSigned else { throw .malformed }
        signature.removeSubrange(length...)
        return signature
    }
}
