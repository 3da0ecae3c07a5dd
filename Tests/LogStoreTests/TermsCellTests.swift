import CollectorSupport
import Postgres
import Telemetry
import Testing

@testable import LogStore

@Suite struct TermsCellTests {
    @Test("the environment wins over options, options over the defaults of the design")
    func precedence() {
        let free = TermsCell()
        #expect(free.apply(OptionTerms([:])) && free.current == StorageTerms(recordHours: 720, bodyHours: 1))
        #expect(free.apply(OptionTerms(["LogStorageHours": "48", "LogDetailStorageHours": "-1", "RetryTimes": "3"])))
        #expect(free.current == StorageTerms(recordHours: 48, bodyHours: -1))
        #expect(!free.apply(OptionTerms(["LogStorageHours": "48", "LogDetailStorageHours": "-1"])))
        #expect(free.apply(OptionTerms(["LogStorageHours": "0"])) && free.current.recordCutoff(now: 5) == nil)
        let bound = TermsCell(recordHours: 24)
        bound.apply(OptionTerms(["LogStorageHours": "48", "LogDetailStorageHours": "2"]))
        #expect(bound.current == StorageTerms(recordHours: 24, bodyHours: 2))
    }

    @Test("until the options are known everything is kept")
    func unknown() {
        let cell = TermsCell()
        #expect(!cell.isKnown && cell.current.recordCutoff(now: 1) == nil && cell.current.bodyCutoff(now: 1) == nil)
        #expect(!TermsCell(recordHours: 1).isKnown && TermsCell(recordHours: 1, bodyHours: 1).isKnown)
        cell.restore(OptionTerms(["LogStorageHours": "5"]))
        #expect(cell.isKnown && cell.current == StorageTerms(recordHours: 5, bodyHours: 1))
        cell.apply(OptionTerms(["LogStorageHours": "6"]))
        cell.restore(OptionTerms(["LogStorageHours": "7"]))
        #expect(cell.current.recordHours == 6)
    }

    @Test("what the registry said last is saved, also that it said nothing")
    func saved() async throws {
        try await withStore { store async throws in
            let terms = TermsStore(pool: store.pool)
            #expect(try await terms.load() == nil)
            for options in [["LogStorageHours": "5", "LogDetailStorageHours": "-1"], ["LogStorageHours": "0"], [:]] {
                try await terms.save(OptionTerms(options))
                #expect(try await terms.load() == OptionTerms(options))
            }
        }
    }

    @Test("a writer goes by the terms of the moment")
    func writer() async throws {
        try await withStore { store async throws in
            let cell = TermsCell()
            let writer = LogWriter(
                pool: store.pool, terms: cell.current, partitions: store.partitions, logger: .silent,
                now: { store.clock.now })
            let old = RecordBuilder.failure(store.clock.now - 3 * 3_600_000_000)
            #expect(try await writer.store(RecordBuilder.batch([old])) == LogReceipt(sequence: 1, stored: 1, bodies: 1))
            cell.apply(OptionTerms([:]))
            #expect(try await writer.store(RecordBuilder.batch([old], sequence: 2)).bodies == 0)
            cell.apply(OptionTerms(["LogStorageHours": "2"]))
            #expect(try await writer.store(RecordBuilder.batch([old], sequence: 3)).expired == 1)
            cell.apply(OptionTerms(["LogStorageHours": "-1"]))
            let now = RecordBuilder.record(store.clock.now)
            #expect(try await writer.store(RecordBuilder.batch([now], sequence: 4)).stored == 0)
            #expect(try await store.calls() == 2)
            #expect(
                try await store.number("SELECT requests FROM logs.totals WHERE kind = 'channel' AND key = '7'") == 4)
        }
    }
}
