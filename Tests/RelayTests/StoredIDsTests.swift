import Contracts
import Crypto
import HTTPCore
import Routing
import Telemetry
import Testing

@testable import Relay

@Suite("Stored ids")
struct StoredIDsTests {
    private let ids = StoredIDs(secret: Redacted("secret"))
    private let table = RoutingTable(
        Snapshot(
            epoch: "e", revision: 1, isWhole: true,
            tokens: [
                SnapshotToken(id: 1, name: "one", group: "g", digest: SHA256.hex("one")),
                SnapshotToken(id: 2, name: "two", group: "g", digest: SHA256.hex("two")),
            ]), openKey: { _ in nil })

    private func caller(_ key: String) throws -> Caller {
        try Authenticator(adminKey: Redacted("admin")).caller(
            ["authorization": "Bearer \(key)"], address: { "10.1.1.1" }, table: table)
    }

    private func sealed(_ channel: Int, for caller: Caller, _ id: String) throws -> String {
        let seal = try #require(ids.sealing(channel: channel, for: caller))
        return seal(id)
    }

    @Test(
        "an id leads back to its channel, also with a mark inside it and after a restart",
        arguments: [1, 35, 36, 123_456])
    func roundTrip(channel: Int) throws {
        for key in ["one", "admin"] {
            let caller = try caller(key)
            for id in ["resp_68", "f0dbb153-117f", "resp_sb1_0123456789abcdef", "_sb"] {
                let sealed = try sealed(channel, for: caller, id)
                #expect(sealed.hasPrefix(id + "_sb"))
                let opened = StoredIDs(secret: Redacted("secret")).open(sealed, for: caller)
                #expect(opened?.channel == channel && opened?.id == id)
            }
        }
    }

    @Test("another token of the same group does not see it, nor does the operator, nor anyone with another secret")
    func owners() throws {
        let one = try caller("one")
        let sealed = try sealed(7, for: one, "resp_1")
        for key in ["two", "admin"] { #expect(ids.open(sealed, for: try caller(key)) == nil) }
        #expect(StoredIDs(secret: Redacted("other")).open(sealed, for: one) == nil)
    }

    @Test("nothing of an id can be changed")
    func tampered() throws {
        let caller = try caller("one")
        let sealed = try sealed(45, for: caller, "resp_1")
        #expect(ids.open(sealed, for: caller) != nil)
        for place in sealed.indices {
            for other in ["0", "a", "_", "Z"] where String(sealed[place]) != other {
                var changed = sealed
                changed.replaceSubrange(place...place, with: other)
                #expect(ids.open(changed, for: caller) == nil, "\(changed)")
            }
        }
        for length in 0..<sealed.count { #expect(ids.open(String(sealed.prefix(length)), for: caller) == nil) }
        #expect(ids.open(sealed + "0", for: caller) == nil)
        // Another way to write the same number.
        for digits in ["_sb019_", "_sb+19_", "_sb1_9_"] {
            #expect(ids.open(sealed.replacing("_sb19_", with: digits), for: caller) == nil)
        }
    }

    @Test(
        "what is no id of ours is nobody's",
        arguments: ["", "resp_1", "_sb", "_sb_", "resp_sb1_", "resp_sb0_00", "resp_sb-1_00"])
    func foreign(text: String) throws {
        #expect(ids.open(text, for: try caller("one")) == nil)
    }

    @Test("an endless id is not looked at, and a stranger gets none")
    func bounds() throws {
        let caller = try caller("one")
        let sealed = try sealed(1, for: caller, String(repeating: "x", count: 2000))
        #expect(ids.open(sealed, for: caller) == nil)
        #expect(ids.sealing(channel: 1, for: nil) == nil)
    }
}
