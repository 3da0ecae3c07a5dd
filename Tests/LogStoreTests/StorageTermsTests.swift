import Testing

@testable import LogStore

@Suite struct StorageTermsTests {
    private let now: Int64 = 1_738_310_400_000_000
    private let hour: Int64 = 3_600_000_000

    @Test("records are kept thirty days and bodies an hour unless something else is said")
    func standard() {
        let terms = StorageTerms()
        #expect(terms.recordCutoff(now: now) == now - 720 * hour)
        #expect(terms.bodyCutoff(now: now) == now - hour)
        #expect(terms.storesRecords && terms.storesBodies)
    }

    @Test("zero keeps records for ever, and bodies as long as records")
    func zero() {
        #expect(StorageTerms(recordHours: 0).recordCutoff(now: now) == nil)
        #expect(StorageTerms(recordHours: 0, bodyHours: 0).bodyCutoff(now: now) == nil)
        #expect(StorageTerms(recordHours: 5, bodyHours: 0).bodyCutoff(now: now) == now - 5 * hour)
        #expect(StorageTerms(recordHours: 0, bodyHours: 2).bodyCutoff(now: now) == now - 2 * hour)
    }

    @Test("a negative number stores none, and no records means no bodies")
    func negative() {
        #expect(!StorageTerms(recordHours: -1).storesRecords)
        #expect(!StorageTerms(recordHours: -1, bodyHours: 5).storesBodies)
        #expect(!StorageTerms(bodyHours: -1).storesBodies)
        #expect(StorageTerms(bodyHours: -1).storesRecords)
        #expect(StorageTerms(recordHours: -1).recordCutoff(now: now) == now)
    }

    @Test("a body never outlives its record, and a term that is too long is only long")
    func bounds() {
        #expect(StorageTerms(recordHours: 2, bodyHours: 9).bodyCutoff(now: now) == now - 2 * hour)
        #expect(StorageTerms(recordHours: .max, bodyHours: .max).bodyCutoff(now: now).map { $0 < 0 } == true)
        #expect(StorageTerms(recordHours: .min, bodyHours: .min).bodyCutoff(now: now) == now)
    }
}
