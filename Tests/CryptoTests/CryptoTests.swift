import Telemetry
import Testing

@testable import Crypto

/// The error a closure throws, nil when it returns.
private func cryptoError<Value>(_ body: () throws(CryptoError) -> Value) -> CryptoError? {
    do throws(CryptoError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

private func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }

@Suite("Crypto: digests")
struct DigestTests {
    @Test(
        "SHA-256 gives the digests of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func sha256(text: String, digest: String) {
        #expect(SHA256.hex(text) == digest)
    }

    @Test(
        "HMAC-SHA256 gives the codes of RFC 4231, also for an empty key",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ])
    func hmac(key: [UInt8], message: String, code: String) {
        #expect(Hex.encode(HMAC.sha256(key: key, message: Array(message.utf8))) == code)
    }
}

@Suite("Crypto: AES-256-GCM")
struct AESGCMTests {
    struct Vector: Sendable {
        let key, nonce, plain, additional, cipher, tag: String
    }

    static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    static let plain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
    static let cipher =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"

    /// Test cases 13 to 16 of the GCM specification that NIST took over.
    static let vectors = [
        Vector(
            key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12), plain: "",
            additional: "", cipher: "", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12),
            plain: String(repeating: "00", count: 16), additional: "", cipher: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            key: key, nonce: "cafebabefacedbaddecaf888", plain: plain, additional: "", cipher: cipher,
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            key: key, nonce: "cafebabefacedbaddecaf888", plain: String(plain.dropLast(8)),
            additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2", cipher: String(cipher.dropLast(8)),
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    @Test("the published vectors are sealed and opened", arguments: vectors)
    func knownAnswers(vector: Vector) throws {
        let sealed = try AESGCM.seal(
            bytes(vector.plain), key: bytes(vector.key), nonce: bytes(vector.nonce),
            additionalData: bytes(vector.additional))
        #expect(Hex.encode(sealed) == vector.nonce + vector.cipher + vector.tag)
        let opened = try AESGCM.open(sealed, key: bytes(vector.key), additionalData: bytes(vector.additional))
        #expect(Hex.encode(opened) == vector.plain)
    }

    @Test("no flipped bit goes unnoticed, and neither does another key or other additional data")
    func tampering() throws {
        let key = randomBytes(32)
        let sealed = try AESGCM.seal(Array("secret".utf8), key: key, additionalData: [1])
        #expect(try AESGCM.open(sealed, key: key, additionalData: [1]) == Array("secret".utf8))
        for bit in 0..<sealed.count * 8 {
            var damaged = sealed
            damaged[bit / 8] ^= 1 << (bit % 8)
            let error = cryptoError { () throws(CryptoError) in try AESGCM.open(damaged, key: key, additionalData: [1])
            }
            #expect(error == .authenticationFailed)
        }
        for data in [[], [2], [1, 1]] as [[UInt8]] {
            let error = cryptoError { () throws(CryptoError) in try AESGCM.open(sealed, key: key, additionalData: data)
            }
            #expect(error == .authenticationFailed)
        }
        let other = cryptoError { () throws(CryptoError) in
            try AESGCM.open(sealed, key: randomBytes(32), additionalData: [1])
        }
        #expect(other == .authenticationFailed)
    }

    @Test("keys of another length and texts too short to be sealed are refused")
    func shapes() {
        #expect(cryptoError { () throws(CryptoError) in try AESGCM.seal([], key: [1]) } == .keyLength(1))
        #expect(cryptoError { () throws(CryptoError) in try AESGCM.open([], key: [1]) } == .keyLength(1))
        let short = [UInt8](repeating: 0, count: 27)
        #expect(cryptoError { () throws(CryptoError) in try AESGCM.open(short, key: randomBytes(32)) } == .malformed)
    }
}

@Suite("Crypto: encodings, random bytes and comparison")
struct EncodingTests {
    @Test(
        "base64 gives the texts of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, text: String) {
        let unpadded = text.filter { $0 != "=" }
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        #expect(Base64URL.encode(Array(plain.utf8)) == unpadded)
        #expect(Base64URL.decode(unpadded) == Array(plain.utf8))
    }

    @Test("the two alphabets differ in their last two characters")
    func alphabets() {
        #expect(Base64.encode([0xFB, 0xFF, 0xBF]) == "+/+/")
        #expect(Base64URL.encode([0xFB, 0xFF, 0xBF]) == "-_-_")
        #expect(Base64.decode("-_-_") == nil)
        #expect(Base64URL.decode("+/+/") == nil)
    }

    @Test(
        "text that no encoder writes is refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zm9v=", "Zm9vYh==", "Zm 9v", "Zm9v\n", "Zh==", "Zm9=", "é===",
        ])
    func badBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "base64url refuses padding, stray bits and impossible lengths", arguments: ["Zg==", "Zh", "Z", "Zm9vZ", "Zm9"])
    func badBase64URL(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("bytes of every length and value survive all encodings")
    func roundTrips() {
        for count in 0..<70 {
            let plain = randomBytes(count)
            #expect(Base64.decode(Base64.encode(plain)) == plain)
            #expect(Base64URL.decode(Base64URL.encode(plain)) == plain)
            #expect(Hex.decode(Hex.encode(plain)) == plain)
        }
        #expect(Hex.encode(Array(0...255)).count == 512)
        #expect(Hex.decode("00fFAb") == [0, 255, 0xAB])
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0g") == nil)
    }

    @Test("random bytes have the length asked for and do not repeat")
    func random() {
        #expect(randomBytes(0) == [])
        #expect(randomBytes(33).count == 33)
        #expect(Set((0..<100).map { _ in randomBytes(16) }).count == 100)
    }

    @Test("comparison in constant time tells equal from unequal")
    func comparison() {
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals("sk-é", "sk-é"))
        #expect(!constantTimeEquals("sk-a", "sk-b"))
        #expect(!constantTimeEquals("sk-a", "sk-ab"))
        // The same to a reader, not the same bytes.
        #expect(!constantTimeEquals("\u{E9}", "e\u{301}"))
    }
}

@Suite("Crypto: the box of secrets")
struct SecretBoxTests {
    let box = SecretBox(secretsKey: "a key of the operator")

    @Test("what was sealed opens in its place, and no two seals are alike")
    func roundTrip() throws {
        let sealed = box.seal("sk-provider-é😀", context: "channel:1")
        #expect(try box.open(sealed, context: "channel:1").reveal == "sk-provider-é😀")
        #expect(sealed.hasPrefix("v1.\(box.keyID)."))
        #expect(!sealed.contains("provider"))
        #expect(box.seal("x", context: "c") != box.seal("x", context: "c"))
        #expect(try box.open(box.seal("", context: ""), context: "").reveal == "")
    }

    @Test("a text moved to another place does not open")
    func context() {
        let sealed = box.seal("x", context: "channel:1")
        #expect(
            cryptoError { () throws(CryptoError) in try box.open(sealed, context: "channel:2") }
                == .authenticationFailed)
    }

    @Test("no changed character goes unnoticed")
    func tampering() {
        let sealed = Array(box.seal("secret", context: "c").utf8)
        for place in sealed.indices {
            var damaged = sealed
            damaged[place] = damaged[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: damaged, as: UTF8.self)
            #expect(cryptoError { () throws(CryptoError) in try box.open(text, context: "c") } != nil, "\(place)")
        }
    }

    @Test(
        "text that no box made is malformed",
        arguments: ["", "sk-plain", "v1", "v1.x", "v2.00000000.AAAA", "v1.00000000.!!", "v1.a.b.c"])
    func malformed(text: String) {
        #expect(cryptoError { () throws(CryptoError) in try box.open(text, context: "c") } == .malformed)
    }

    @Test("a text of our key that is too short to hold anything is malformed")
    func truncated() {
        let sealed = "v1.\(box.keyID).AAAA"
        #expect(cryptoError { () throws(CryptoError) in try box.open(sealed, context: "c") } == .malformed)
    }

    @Test("keys rotate: the new box opens what the old one sealed and asks to seal it again")
    func rotation() throws {
        let old = box.seal("x", context: "c")
        let next = SecretBox(secretsKey: "another", previous: ["a key of the operator"])
        #expect(try next.open(old, context: "c").reveal == "x")
        #expect(next.needsResealing(old))
        #expect(!next.needsResealing(next.seal("x", context: "c")))
        #expect(next.keyID != box.keyID)
        let new = next.seal("x", context: "c")
        #expect(
            cryptoError { () throws(CryptoError) in try box.open(new, context: "c") } == .unknownKey(id: next.keyID))
    }

    @Test("a sealed text of an earlier version of this program still opens")
    func stability() throws {
        let sealed = "v1.b9e0b91d.AAECAwQFBgcICQoL4pU0Q4hjI8D5-IA7i3ImsgcWMDl8HnAQiQ"
        #expect(box.keyID == "b9e0b91d")
        #expect(try box.open(sealed, context: "channel:1").reveal == "sk-golden")
    }
}
