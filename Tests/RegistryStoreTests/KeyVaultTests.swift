import Crypto
import Postgres
import RegistryStore
import Telemetry
import Testing

@Suite("Keys at rest")
struct KeyVaultTests {
    @Test("no key of a channel or token is in clear in any column")
    func sealed() async throws {
        try await Stores.with { stores async throws in
            let key = "sk-very-secret-upstream-key"
            let id = try await stores.channels.create([Stores.new("a", key: key)])[0]
            var change = ChannelChange()
            change.key = Redacted(key + "-2")
            _ = try await stores.channels.update(id, change)
            let token = try await stores.tokens.create(NewToken(name: "t"), in: "g", createsGroup: true)
            for secret in ["very-secret-upstream", token.key.shown] {
                for table in try await tables(stores) {
                    let rows = try await stores.pool.query(
                        "SELECT count(*) AS hits FROM \(SQL.identifier("registry")).\(SQL.identifier(table)) AS t WHERE position(\(secret) IN t::text) > 0"
                    )
                    #expect(try rows[0].decode("hits", as: Int.self) == 0, "\(table)")
                }
            }
        }
    }

    private func tables(_ stores: Stores) async throws -> [String] {
        let rows = try await stores.pool.query("SELECT tablename FROM pg_tables WHERE schemaname = 'registry'")
        return try rows.map { row throws(PostgresError) in try row.decode("tablename", as: String.self) }
    }

    @Test(
        "a key of another SECRETS_KEY is shown as empty, counted, kept by an edit that sends it back, and works again later"
    )
    func otherKey() async throws {
        try await Stores.with { stores async throws in
            let ids = try await stores.channels.create([Stores.new("a", key: "one"), Stores.new("b")])
            let other = Stores(pool: stores.pool, secretsKey: "another secrets key")
            let listed = try await other.channels.all()
            #expect(listed.map(\.key) == [.none, .unreadable] && listed[1].key.shown == "")
            #expect(other.vault.unreadableCount == 1)
            var change = ChannelChange()
            change.key = Redacted("")
            change.name = "renamed"
            #expect(try await other.channels.update(ids[0], change).settings.name == "renamed")
            #expect(try await stores.channels.find(ids[0]).key == .open(Redacted("one")))
            change.key = Redacted("two")
            #expect(try await other.channels.update(ids[0], change).key == .open(Redacted("two")))
            #expect(other.vault.unreadableCount == 0)
            #expect(try await stores.channels.find(ids[0]).key == .unreadable)
        }
    }

    @Test("a sealed key does not open in another row")
    func moved() async throws {
        try await Stores.with { stores async throws in
            let ids = try await stores.channels.create([Stores.new("a", key: "one"), Stores.new("b", key: "two")])
            _ = try await stores.pool.execute(
                "UPDATE registry.channels SET sealed_key = (SELECT sealed_key FROM registry.channels WHERE id = \(ids[0])) WHERE id = \(ids[1])"
            )
            #expect(try await stores.channels.find(ids[1]).key == .unreadable)
            try await stores.channels.auditKeys()
            #expect(stores.vault.unreadableCount == 1)
            try await stores.channels.delete(ids[1])
            #expect(stores.vault.unreadableCount == 0)
        }
    }

    @Test("a token's key has 48 letters and digits, and its digest is that of the key without sk-")
    func tokenKeys() {
        let keys = (0..<200).map { _ in TokenKey.generate().reveal }
        #expect(Set(keys).count == 200)
        #expect(keys.allSatisfy { $0.utf8.count == 48 && $0.utf8.allSatisfy(isAlphanumeric) })
        #expect(TokenKey.digest("sk-abc") == SHA256.hex("abc") && TokenKey.digest("abc") == SHA256.hex("abc"))
    }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte | 0x20)
    }
}
