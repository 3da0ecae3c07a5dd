import CLibCrypto

/// Bytes from libcrypto's generator, fit for keys and nonces.
///
/// A machine without entropy cannot run the service safely, so a failure traps rather than returning weaker bytes.
package func randomBytes(_ count: Int) -> [UInt8] {
    precondition(count >= 0 && count <= Int(Int32.max), "randomBytes takes 0 … 2^31-1 bytes")
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        let result = unsafe RAND_bytes(buffer.baseAddress, Int32(count))
        precondition(count == 0 || result == 1, "the system has no entropy")
        initialized = count
    }
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}

/// Whether two texts have equal UTF-8 bytes, in a time that does not depend on where they differ.
///
/// Both sides are hashed first, so the length of a secret does not show either.
package func constantTimeEquals(_ left: String, _ right: String) -> Bool {
    constantTimeEquals(SHA256.hash(Array(left.utf8)), SHA256.hash(Array(right.utf8)))
}
