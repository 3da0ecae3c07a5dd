import CLibCrypto

/// SHA-256.
package enum SHA256 {
    /// Bytes in a digest.
    package static let byteCount = 32

    // SAFETY: fetched once and never changed afterwards; libcrypto's fetched algorithms are safe to use from any thread.
    nonisolated(unsafe) private static let algorithm: OpaquePointer? = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    /// The digest of the bytes, 32 bytes long.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { digest, count in
            var written: UInt32 = 0
            let result = unsafe EVP_Digest(bytes, bytes.count, digest.baseAddress, &written, algorithm, nil)
            precondition(result == 1 && written == byteCount, "libcrypto has no SHA-256")
            count = byteCount
        }
    }

    /// The digest of the UTF-8 bytes of a text, in lower-case hexadecimal.
    package static func hex(_ text: String) -> String {
        Hex.encode(hash(Array(text.utf8)))
    }
}

/// HMAC (RFC 2104).
package enum HMAC {
    /// HMAC-SHA256 of the message, 32 bytes long.
    package static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
            var written: UInt32 = 0
            // libcrypto reads a missing key as "the key of the last call", so an empty key still needs an address.
            let result = unsafe (key.isEmpty ? [0] : key).withUnsafeBytes { keyBytes in
                unsafe CLibCrypto.HMAC(
                    EVP_sha256(), keyBytes.baseAddress, Int32(key.count), message, message.count, code.baseAddress,
                    &written)
            }
            precondition(unsafe result != nil && written == SHA256.byteCount, "libcrypto has no HMAC-SHA256")
            count = SHA256.byteCount
        }
    }
}
