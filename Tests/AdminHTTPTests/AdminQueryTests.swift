import HTTPCore
import Testing

@testable import AdminHTTP

@Suite struct AdminQueryTests {
    private func paging(_ values: [String: String]) -> Paging { Paging(AdminQuery(values)) }

    @Test("an empty value is an absent one and the first of two values counts")
    func values() throws {
        let query = AdminQuery(try RequestTarget("/x?a=&b=1&b=2&c=%E4%BD%A0+%26&d"))
        #expect(query.text("a") == nil)
        #expect(query.int("b") == 1)
        #expect(query.text("c") == "你 &")
        #expect(query.text("d") == nil)
        #expect(query.int("c") == nil)
    }

    @Test("page falls back to p, and what is no page is the first one of ten rows")
    func pages() {
        #expect(paging([:]) == Paging(page: 1, perPage: 10))
        #expect(paging(["page": "3", "p": "9", "per_page": "20"]) == Paging(page: 3, perPage: 20))
        #expect(paging(["page": "", "p": "9"]) == Paging(page: 9, perPage: 10))
        #expect(paging(["p": "0", "per_page": "-1"]) == Paging(page: 1, perPage: 10))
        #expect(paging(["p": "x", "per_page": "y"]) == Paging(page: 1, perPage: 10))
        #expect(paging(["per_page": "101"]) == Paging(page: 1, perPage: 100))
        #expect(paging(["p": "4", "per_page": "25"]).offset == 75)
    }

    @Test("a page number that would overflow is a far page")
    func hugePage() {
        #expect(paging(["p": "9223372036854775807", "per_page": "100"]).offset > 0)
        #expect(paging(["p": "92233720368547758070"]).page == 1)
    }

    @Test("truth values are spelt as Go spells them")
    func flags() throws {
        for text in ["1", "t", "T", "true", "TRUE", "True"] { #expect(try AdminQuery(["x": text]).flag("x")) }
        for text in ["", "0", "f", "F", "false", "False"] { #expect(try !AdminQuery(["x": text]).flag("x")) }
        #expect(try !AdminQuery([:]).flag("x"))
        for text in ["yes", "tRUE", "2", "true "] {
            #expect(throws: AdminFailure(.badRequest, "x must be true or false")) {
                try AdminQuery(["x": text]).flag("x")
            }
        }
    }

    @Test("a number that is none is refused by its name, and an empty one is absent")
    func numbers() throws {
        #expect(try AdminQuery(["x": "-7"]).wholeNumber("x") == -7)
        #expect(try AdminQuery(["x": ""]).wholeNumber("x") == nil)
        for text in ["seven", "1.5", "9223372036854775808", " 1"] {
            #expect(throws: AdminFailure(.badRequest, "x must be an integer")) {
                try AdminQuery(["x": text]).wholeNumber("x")
            }
        }
    }

    @Test("the unit of a time is told by its length and the value names the whole unit")
    func instants() throws {
        let query = AdminQuery([
            "s": "1700000000", "ms": "1700000000123", "us": "1700000000123456", "ns": "1700000000123456789",
            "bad": "1.5",
            "words": "today", "zero": "0",
        ])
        #expect(query.instant("s")?.first == 1_700_000_000_000_000)
        #expect(query.instant("s")?.last == 1_700_000_000_999_999)
        #expect(query.instant("ms")?.first == 1_700_000_000_123_000)
        #expect(query.instant("ms")?.last == 1_700_000_000_123_999)
        #expect(query.instant("us")?.first == 1_700_000_000_123_456)
        #expect(query.instant("us")?.last == 1_700_000_000_123_456)
        #expect(query.instant("ns")?.first == 1_700_000_000_123_456)
        #expect(query.instant("bad") == nil)
        #expect(query.instant("words") == nil)
        #expect(query.instant("zero")?.first == 0)
    }

    @Test("the largest and smallest numbers are times too", arguments: ["9223372036854775807", "-9223372036854775808"])
    func extremes(_ text: String) throws {
        let instant = try #require(QueryInstant(text))
        #expect(instant.first == instant.last)
    }
}
