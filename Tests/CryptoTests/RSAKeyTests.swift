import TestSupport
import Testing

@testable import Crypto

@Suite("Crypto: RSA")
struct RSAKeyTests {
    private func error(_ pem: String) -> CryptoError? {
        do throws(CryptoError) {
            _ = try RSAKey(pem: pem)
            return nil
        } catch {
            return error
        }
    }

    @Test("openssl takes the signature of a key in either form, and of no other text")
    func signatures() throws {
        let keys = try SigningKeys()
        for pem in [try keys.pkcs8(), try keys.pkcs1()] {
            let signature = Hex.encode(try RSAKey(pem: pem).signature(of: Array("header.claims".utf8)))
            #expect(signature.utf8.count == 512)
            #expect(try keys.verifies(signature, of: "header.claims"))
            #expect(try !keys.verifies(signature, of: "header.claimz"))
        }
    }

    @Test("line breaks of Windows, and text around the key, do no harm")
    func lenient() throws {
        let pem = try SigningKeys().pkcs8()
        #expect(error(pem.replacing("\n", with: "\r\n")) == nil)
        #expect(error("Bag Attributes\n" + pem + "\n\n") == nil)
    }

    @Test("what is no RSA key is refused; a password is never asked for")
    func refused() throws {
        let keys = try SigningKeys()
        let pem = try keys.pkcs8()
        let lines = pem.split(separator: "\n")
        for bad in [
            "", "x", "-----BEGIN PRIVATE KEY-----", pem.replacing("PRIVATE", with: "PUBLIC"),
            String(pem.prefix(pem.count / 2)), pem.replacing("\n", with: "\\n"),
            lines.dropFirst().joined(separator: "\n"), String(repeating: "A", count: 100_000),
            try keys.encrypted(), try keys.elliptic(), try SigningKeys(bits: 512).pkcs8(),
        ] {
            #expect(error(bad) == .malformed)
        }
    }
}
