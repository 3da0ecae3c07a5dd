import CLibCrypto

/// AES-256 in Galois/counter mode with a 12-byte nonce and a 16-byte tag.
package enum AESGCM {
    /// Bytes in a key.
    package static let keyBytes = 32
    /// Bytes in a nonce.
    package static let nonceBytes = 12
    /// Bytes in a tag.
    package static let tagBytes = 16

    /// Encrypts under a fresh random nonce.
    ///
    /// - Returns: nonce ‖ ciphertext ‖ tag.
    package static func seal(
        _ plaintext: [UInt8], key: [UInt8], additionalData: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        try seal(plaintext, key: key, nonce: randomBytes(nonceBytes), additionalData: additionalData)
    }

    /// Encrypts under a given nonce; only for known-answer tests, since a nonce must never be used twice with a key.
    static func seal(
        _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], additionalData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == keyBytes else { throw .keyLength(key.count) }
        precondition(nonce.count == nonceBytes, "a nonce has 12 bytes")
        let context = try CipherContext()
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: tagBytes)
        var length: Int32 = 0
        let done =
            unsafe EVP_EncryptInit_ex(context.handle, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && (additionalData.isEmpty
                || EVP_EncryptUpdate(context.handle, nil, &length, additionalData, Int32(additionalData.count)) == 1)
            && (plaintext.isEmpty
                || EVP_EncryptUpdate(context.handle, &ciphertext, &length, plaintext, Int32(plaintext.count)) == 1)
            && EVP_EncryptFinal_ex(context.handle, nil, &length) == 1
            && EVP_CIPHER_CTX_ctrl(context.handle, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes), &tag) == 1
        precondition(done, "libcrypto refuses AES-256-GCM")
        return nonce + ciphertext + tag
    }

    /// Decrypts what ``seal(_:key:additionalData:)`` returned; nothing of the text is given out unless the tag fits.
    package static func open(
        _ sealed: [UInt8], key: [UInt8], additionalData: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == keyBytes else { throw .keyLength(key.count) }
        guard sealed.count >= nonceBytes + tagBytes, sealed.count <= Int(Int32.max) else { throw .malformed }
        let nonce = Array(sealed[..<nonceBytes])
        let ciphertext = Array(sealed[nonceBytes..<sealed.count - tagBytes])
        var tag = Array(sealed[(sealed.count - tagBytes)...])
        let context = try CipherContext()
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
        var length: Int32 = 0
        let opened =
            unsafe EVP_DecryptInit_ex(context.handle, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && (additionalData.isEmpty
                || EVP_DecryptUpdate(context.handle, nil, &length, additionalData, Int32(additionalData.count)) == 1)
            && (ciphertext.isEmpty
                || EVP_DecryptUpdate(context.handle, &plaintext, &length, ciphertext, Int32(ciphertext.count)) == 1)
            && EVP_CIPHER_CTX_ctrl(context.handle, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag) == 1
            && EVP_DecryptFinal_ex(context.handle, nil, &length) == 1
        guard opened else { throw .authenticationFailed }
        return plaintext
    }
}

/// Owns one cipher context of libcrypto.
@safe
private struct CipherContext: ~Copyable {
    // SAFETY: made in init, freed in deinit, and the type cannot be copied.
    let handle: OpaquePointer

    init() throws(CryptoError) {
        guard let handle = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("libcrypto is out of memory") }
        unsafe self.handle = handle
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(handle)
    }
}
