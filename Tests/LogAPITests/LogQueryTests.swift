import AdminHTTP
import HTTPCore
import LogStore
import Testing

@testable import LogAPI

@Suite struct LogQueryTests {
    private let now: Int64 = 1_738_308_600_000_000
    private let week: Int64 = 7 * 86_400_000_000

    private func read(_ values: [String: String], _ scope: LogQuery.Scope = .search) throws(AdminFailure) -> LogQuery {
        try LogQuery(AdminQuery(values), scope: scope, now: now)
    }

    @Test("the query that FastGPT sends at first is the window and nothing else")
    func fastGPT() throws {
        let query = try read([
            "result_only": "true", "request_id": "", "channel": "", "model_name": "", "code_type": "all", "p": "2",
            "per_page": "20", "start_timestamp": "1738195200000", "end_timestamp": "1738367999999",
        ])
        var expected = LogFilter()
        expected.from = 1_738_195_200_000_000
        expected.through = 1_738_367_999_999_999
        #expect(query.filter == expected)
        #expect(query.order == LogOrder(.createdAt))
        #expect(query.paging == Paging(page: 2, perPage: 20))
        #expect(!query.includesBodies)
    }

    @Test("a start before the window and a missing one are seven days before the end")
    func window() throws {
        #expect(try read([:]).filter.from == now - week)
        #expect(try read([:]).filter.through == nil)
        #expect(try read(["start_timestamp": "1"]).filter.from == now - week)
        let ended = try read(["end_timestamp": "1738000000000"]).filter
        #expect(ended.through == 1_738_000_000_000_999)
        #expect(ended.from == 1_738_000_000_000_999 - week)
        #expect(try read(["start_timestamp": "1738308500"]).filter.from == 1_738_308_500_000_000)
        #expect(try read(["start_timestamp": "yesterday", "end_timestamp": "x"]).filter.from == now - week)
    }

    @Test("channel, token and code of 0 are no condition")
    func zeros() throws {
        let query = try read(["channel": "0", "token_id": "0", "code": "0"])
        #expect(query.filter.channel == nil && query.filter.tokenID == nil && query.filter.result == nil)
    }

    @Test("what is no number or no truth value is refused by its name")
    func malformed() {
        for name in ["channel", "token_id", "code"] {
            for text in ["seven", "1.5", "9223372036854775808", "1 "] {
                let failure = AdminFailure(.badRequest, "\(name) must be an integer")
                #expect(throws: failure) { try read([name: text, "code_type": "error"]) }
            }
        }
        #expect(throws: AdminFailure(.badRequest, "include_detail must be true or false")) {
            try read(["include_detail": "yes"])
        }
        #expect(throws: Never.self) { try read(["channel": "seven"], .groupList("g")) }
    }

    @Test("code_type decides before code")
    func results() throws {
        #expect(try read(["code_type": "success", "code": "429"]).filter.result == .success)
        #expect(try read(["code_type": "error", "code": "200"]).filter.result == .failure)
        #expect(try read(["code_type": "all", "code": "429"]).filter.result == .code(429))
        #expect(try read(["code": "429"]).filter.result == .code(429))
        #expect(try read(["code_type": "Success"]).filter.result == nil)
    }

    @Test("each list reads its own part of the query")
    func scopes() throws {
        let all = [
            "channel": "7", "group": "g", "token_id": "3", "token_name": "t", "keyword": "k", "model_name": "m",
            "user": "u", "ip": "i",
            "upstream_id": "up", "request_id": "r",
        ]
        let list = try read(all, .list).filter
        #expect(
            list.channel == 7 && list.group == nil && list.tokenID == nil && list.tokenName == nil
                && list.keyword == nil)
        let search = try read(all, .search).filter
        #expect(
            search.channel == 7 && search.group == "g" && search.tokenID == 3 && search.tokenName == "t"
                && search.keyword == "k")
        let group = try read(all, .groupList("own")).filter
        #expect(
            group.channel == nil && group.group == "own" && group.tokenID == 3 && group.tokenName == "t"
                && group.keyword == nil)
        let groupSearch = try read(all, .groupSearch("own")).filter
        #expect(groupSearch.channel == nil && groupSearch.group == "own" && groupSearch.keyword == "k")
        for filter in [list, search, group, groupSearch] {
            #expect(
                filter.model == "m" && filter.user == "u" && filter.ip == "i" && filter.upstreamID == "up"
                    && filter.requestID == "r")
        }
    }

    @Test("an order that is none is the newest first, and any suffix but asc is descending")
    func orders() throws {
        #expect(try read(["order": "request_at-asc"]).order == LogOrder(.requestAt, isAscending: true))
        #expect(try read(["order": "request_at-up"]).order == LogOrder(.requestAt))
        #expect(try read(["order": "id"]).order == LogOrder(.id))
        for text in ["", "code-asc", "id;drop table", "-asc", "ID-asc"] {
            #expect(try read(["order": text]).order == LogOrder(.createdAt))
        }
    }
}
