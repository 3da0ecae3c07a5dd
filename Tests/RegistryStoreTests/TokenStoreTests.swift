import Contracts
import Postgres
import RegistryStore
import Testing

@Suite("Tokens and groups in PostgreSQL")
struct TokenStoreTests {
    @Test("a token comes back as it was created, in a group that is made when asked for")
    func create() async throws {
        try await Stores.with { stores async throws in
            let new = NewToken(
                name: "svc", models: ["m"], subnets: ["10.0.0.0/8"], quota: 100, periodQuota: 1.5, periodType: .weekly,
                periodLastUpdateTime: Timestamp(microseconds: 1_780_272_000_000_000))
            await #expect(throws: RegistryError.groupNotFound) { try await stores.tokens.create(new, in: "team") }
            let token = try await stores.tokens.create(new, in: "team", createsGroup: true)
            #expect(token.name == "svc" && token.group == "team" && token.models == ["m"] && token.status == 1)
            #expect(token.subnets == ["10.0.0.0/8"] && token.quota == 100 && token.periodQuota == 1.5)
            #expect(token.periodType == .weekly && token.periodLastUpdateTime == new.periodLastUpdateTime)
            #expect(token.key.shown.utf8.count == 48)
            #expect(try await stores.tokens.find(token.id) == token)
            let snapshot = try await stores.feed.changes(after: 0)
            #expect(snapshot.tokens[token.id]?.value?.digest == TokenKey.digest("sk-" + token.key.shown))
            #expect(snapshot.groups["team"]?.value?.status == 1)
        }
    }

    @Test("a name is taken once per group, unless the existing token is wanted")
    func names() async throws {
        try await Stores.with { stores async throws in
            let first = try await stores.tokens.create(NewToken(name: "a"), in: "g", createsGroup: true)
            await #expect(throws: RegistryError.tokenNameTaken) {
                try await stores.tokens.create(NewToken(name: "a"), in: "g")
            }
            let before = try await stores.revision()
            #expect(try await stores.tokens.create(NewToken(name: "a"), in: "g", keepsExisting: true) == first)
            #expect(try await stores.revision() == before)
            let other = try await stores.tokens.create(NewToken(name: "a"), in: "h", createsGroup: true)
            #expect(other.id != first.id && other.key != first.key)
        }
    }

    @Test("the page is filtered by group and status")
    func page() async throws {
        try await Stores.with { stores async throws in
            for name in ["a", "b", "c"] {
                _ = try await stores.tokens.create(
                    NewToken(name: name), in: name == "c" ? "h" : "g", createsGroup: true)
            }
            let all = try await stores.tokens.page(TokenFilter(), ListPage(limit: 2))
            #expect(all.total == 3 && all.tokens.map(\.name) == ["c", "b"])
            try await stores.tokens.setStatus(all.tokens[1].id, 2)
            #expect(try await stores.tokens.page(TokenFilter(group: "g"), ListPage(limit: 9)).total == 2)
            let disabled = try await stores.tokens.page(TokenFilter(status: 2), ListPage(limit: 9))
            #expect(disabled.tokens.map(\.name) == ["b"])
            for field in TokenFilter.Field.allCases {
                #expect(
                    try await stores.tokens.page(TokenFilter(order: ListOrder(field)), ListPage(limit: 9)).total == 3)
            }
        }
    }

    @Test("deleting a group deletes its tokens, and the feed tells of both")
    func deleteGroup() async throws {
        try await Stores.with { stores async throws in
            let token = try await stores.tokens.create(NewToken(name: "a"), in: "g", createsGroup: true)
            let kept = try await stores.tokens.create(NewToken(name: "a"), in: "h", createsGroup: true)
            let before = try await stores.revision()
            try await stores.groups.delete("g")
            let changes = try await stores.feed.changes(after: before)
            #expect(changes.position.revision == before + 1)
            #expect(changes.tokens == [token.id: Stamped(revision: before + 1, value: nil)])
            #expect(changes.groups == ["g": Stamped(revision: before + 1, value: nil)])
            await #expect(throws: RegistryError.tokenNotFound) { try await stores.tokens.find(token.id) }
            await #expect(throws: RegistryError.groupNotFound) { try await stores.groups.delete("g") }
            #expect(try await stores.tokens.find(kept.id) == kept)
        }
    }

    @Test("a group made again after its deletion is there in the feed")
    func again() async throws {
        try await Stores.with { stores async throws in
            _ = try await stores.groups.create(NewGroup(id: "g"))
            let before = try await stores.revision()
            try await stores.groups.delete("g")
            _ = try await stores.groups.create(NewGroup(id: "g", availableSets: ["eu"]))
            let changes = try await stores.feed.changes(after: before)
            #expect(changes.groups["g"]?.value?.availableSets == ["eu"])
            await #expect(throws: RegistryError.groupExists) { try await stores.groups.create(NewGroup(id: "g")) }
        }
    }

    @Test("a group comes back as it was created")
    func group() async throws {
        try await Stores.with { stores async throws in
            let new = NewGroup(
                id: "fastgpt:tmb:ü", rpmRatio: 1.5, tpmRatio: 2, availableSets: ["a"], alertsOnBalance: true,
                balanceAlertThreshold: 3)
            let group = try await stores.groups.create(new)
            #expect(group.id == new.id && group.rpmRatio == 1.5 && group.tpmRatio == 2 && group.status == 1)
            #expect(group.alertsOnBalance && group.balanceAlertThreshold == 3 && group.availableSets == ["a"])
            try await stores.groups.setStatus(new.id, 2)
            #expect(try await stores.groups.find(new.id).status == 2)
            let page = try await stores.groups.page(GroupFilter(order: ListOrder(.createdAt)), ListPage(limit: 10))
            #expect(page.total == 1 && page.groups[0].id == new.id)
            await #expect(throws: RegistryError.groupNotFound) { try await stores.groups.setStatus("none", 2) }
        }
    }
}
