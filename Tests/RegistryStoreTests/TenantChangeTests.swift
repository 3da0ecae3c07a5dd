import Contracts
import Postgres
import RegistryStore
import Testing

@Suite("Changes of tokens and groups in PostgreSQL")
struct TenantChangeTests {
    @Test("a change of a token touches what it names, takes one revision and reaches the feed")
    func token() async throws {
        try await Stores.with { stores async throws in
            let new = NewToken(name: "a", models: ["m"], subnets: ["10.0.0.0/8"], quota: 5)
            let token = try await stores.tokens.create(new, in: "g", createsGroup: true)
            let before = try await stores.revision()
            let changed = try await stores.tokens.update(token.id, TokenChange(name: "b", models: [], status: 2))
            var expected = token
            expected.name = "b"
            expected.models = []
            expected.status = 2
            #expect(changed == expected)
            let feed = try await stores.feed.changes(after: before)
            #expect(feed.position.revision == before + 1 && feed.tokens.count == 1)
            #expect(
                feed.tokens[token.id]?.value
                    == SnapshotToken(
                        id: token.id, name: "b", group: "g", digest: TokenKey.digest(token.key.shown), status: 2,
                        models: [], subnets: ["10.0.0.0/8"]))
            await #expect(throws: RegistryError.emptyUpdate) {
                try await stores.tokens.update(token.id, TokenChange())
            }
            await #expect(throws: RegistryError.tokenNotFound) {
                try await stores.tokens.update(token.id, in: "h", TokenChange(status: 1))
            }
            #expect(try await stores.revision() == before + 1)
        }
    }

    @Test("the first period quota starts a period at what was used, a later one keeps it")
    func period() async throws {
        try await Stores.with { stores async throws in
            let token = try await stores.tokens.create(NewToken(name: "a"), in: "g", createsGroup: true)
            _ = try await stores.pool.execute("UPDATE registry.tokens SET used_amount = 1.25")
            let none = try await stores.tokens.update(token.id, TokenChange(periodQuota: 0))
            #expect(none.periodLastUpdateTime == nil && none.periodLastUpdateAmount == "0")
            let first = try await stores.tokens.update(token.id, TokenChange(periodQuota: 10, periodType: .daily))
            #expect(first.periodLastUpdateTime != nil && first.periodLastUpdateAmount == "1.25")
            #expect(first.periodType == .daily)
            _ = try await stores.pool.execute("UPDATE registry.tokens SET used_amount = 2")
            let second = try await stores.tokens.update(token.id, TokenChange(periodQuota: 20))
            #expect(second.periodLastUpdateTime == first.periodLastUpdateTime)
            #expect(second.periodLastUpdateAmount == "1.25" && second.periodQuota == 20)
            let start = Timestamp(microseconds: 1_780_272_000_000_000)
            let set = try await stores.tokens.update(token.id, TokenChange(periodLastUpdateTime: start))
            #expect(set.periodLastUpdateTime == start && set.periodLastUpdateAmount == "1.25")
        }
    }

    @Test("many tokens go at once, those of other groups stay when a group is named")
    func deleteMany() async throws {
        try await Stores.with { stores async throws in
            var ids: [Int] = []
            for group in ["g", "h"] {
                for name in ["a", "b"] {
                    ids.append(
                        try await stores.tokens.create(NewToken(name: name), in: group, createsGroup: true).id)
                }
            }
            let before = try await stores.revision()
            #expect(try await stores.tokens.delete([], in: nil) == 0)
            #expect(try await stores.tokens.delete([999]) == 0)
            #expect(try await stores.revision() == before)
            #expect(try await stores.tokens.delete(ids + [999], in: "g") == 2)
            #expect(try await stores.revision() == before + 1)
            let feed = try await stores.feed.changes(after: before)
            #expect(Set(feed.tokens.keys) == Set(ids[..<2]) && feed.tokens.values.allSatisfy { $0.value == nil })
            #expect(try await stores.tokens.delete(ids) == 2)
            #expect(try await stores.tokens.page(TokenFilter(), ListPage(limit: 9)).total == 0)
        }
    }

    @Test("a group takes no more tokens than the limit, which is asked first")
    func limit() async throws {
        try await Stores.with { stores async throws in
            for name in ["a", "b"] {
                _ = try await stores.tokens.create(NewToken(name: name), in: "g", createsGroup: true, limit: 2)
            }
            let before = try await stores.revision()
            await #expect(throws: RegistryError.tokenLimitReached) {
                try await stores.tokens.create(NewToken(name: "a"), in: "g", keepsExisting: true, limit: 2)
            }
            #expect(try await stores.revision() == before)
            _ = try await stores.tokens.create(NewToken(name: "c"), in: "h", createsGroup: true, limit: 2)
            _ = try await stores.tokens.create(NewToken(name: "c"), in: "g")
        }
    }

    @Test("a keyword is looked for in names, groups, models and keys, and means what it says")
    func search() async throws {
        try await Stores.with { stores async throws in
            let percent = try await stores.tokens.create(
                NewToken(name: "100%_a", models: ["gpt\\4"]), in: "team-A", createsGroup: true)
            let plain = try await stores.tokens.create(NewToken(name: "1000 a"), in: "other", createsGroup: true)
            func found(_ filter: TokenFilter) async throws -> [Int] {
                try await stores.tokens.page(filter, ListPage(limit: 9)).tokens.map(\.id)
            }
            #expect(try await found(TokenFilter(keyword: "%")) == [percent.id])
            #expect(try await found(TokenFilter(keyword: "0%_A")) == [percent.id])
            #expect(try await found(TokenFilter(keyword: "TEAM-a")) == [percent.id])
            #expect(try await found(TokenFilter(keyword: "gpt")) == [percent.id])
            #expect(try await found(TokenFilter(keyword: "' OR true --")) == [])
            #expect(try await found(TokenFilter(group: "other", keyword: "other")) == [])
            #expect(try await found(TokenFilter(name: "1000 a")) == [plain.id])
            let key = plain.key.shown
            #expect(try await found(TokenFilter(key: key)) == [plain.id])
            #expect(try await found(TokenFilter(key: "sk-" + key)) == [plain.id])
            #expect(try await found(TokenFilter(key: String(key.dropLast()))) == [])
            for part in [key, "sk-" + key, String(key.suffix(20)).uppercased(), String(key.prefix(12))] {
                #expect(try await found(TokenFilter(keyword: part)) == [plain.id])
            }
            // The keys in memory follow what was created and deleted since.
            let later = try await stores.tokens.create(NewToken(name: "b"), in: "other")
            #expect(try await found(TokenFilter(keyword: String(later.key.shown.suffix(24)))) == [later.id])
            try await stores.tokens.delete(plain.id)
            #expect(try await found(TokenFilter(keyword: key)) == [])
        }
    }

    @Test("a change of a group touches what it names; an empty one finds nothing")
    func group() async throws {
        try await Stores.with { stores async throws in
            var group = try await stores.groups.create(NewGroup(id: "g", rpmRatio: 2, availableSets: ["a"]))
            let before = try await stores.revision()
            let changed = try await stores.groups.update(
                "g", GroupChange(rpmRatio: 0, tpmRatio: 3, availableSets: ["b", "c"], alertsOnBalance: true))
            group.rpmRatio = 0
            group.tpmRatio = 3
            group.availableSets = ["b", "c"]
            group.alertsOnBalance = true
            #expect(changed == group)
            let feed = try await stores.feed.changes(after: before)
            #expect(feed.groups["g"]?.value == SnapshotGroup(id: "g", status: 1, availableSets: ["b", "c"]))
            await #expect(throws: RegistryError.groupNotFound) { try await stores.groups.update("g", GroupChange()) }
            await #expect(throws: RegistryError.groupNotFound) {
                try await stores.groups.update("x", GroupChange(status: 1))
            }
            #expect(try await stores.revision() == before + 1)
        }
    }

    @Test("groups are disabled and deleted many at a time, each with its tokens")
    func manyGroups() async throws {
        try await Stores.with { stores async throws in
            for group in ["g", "h", "i"] {
                _ = try await stores.tokens.create(NewToken(name: "a"), in: group, createsGroup: true)
            }
            let before = try await stores.revision()
            try await stores.groups.setStatus(["g", "h", "none"], 2)
            try await stores.groups.setStatus(["none"], 2)
            #expect(try await stores.revision() == before + 1)
            let page = try await stores.groups.page(GroupFilter(status: 2), ListPage(limit: 9))
            #expect(page.total == 2 && page.groups.map(\.id) == ["h", "g"])
            #expect(try await stores.groups.delete(["g", "i", "none"]) == 2)
            #expect(try await stores.groups.delete([]) == 0)
            let feed = try await stores.feed.changes(after: before + 1)
            #expect(Set(feed.groups.keys) == ["g", "i"] && feed.tokens.count == 2)
            #expect(try await stores.tokens.page(TokenFilter(), ListPage(limit: 9)).tokens.map(\.group) == ["h"])
        }
    }

    @Test("groups are found by a part of their id or sets")
    func searchGroups() async throws {
        try await Stores.with { stores async throws in
            _ = try await stores.groups.create(NewGroup(id: "team_a", availableSets: ["Europe"]))
            _ = try await stores.groups.create(NewGroup(id: "teamXa"))
            func found(_ keyword: String) async throws -> [String] {
                try await stores.groups.page(GroupFilter(keyword: keyword), ListPage(limit: 9)).groups.map(\.id)
            }
            #expect(try await found("TEAM") == ["team_a", "teamXa"].sorted(by: >))
            #expect(try await found("m_a") == ["team_a"])
            #expect(try await found("euro") == ["team_a"])
            #expect(try await found("\\") == [])
        }
    }
}
