import AdminHTTP
import LogStore
import Testing

@testable import LogAPI

@Suite struct LogQueryTests {
    private let now: Int64 = 1_738_308_600_000_000
    private let week: Int64 = 7 * 86_400_000_000

    private func read(_ values: [String: String], _ scope: LogQuery.Scope = .search) -> LogQuery {
        LogQuery(AdminQuery(values), scope: scope, now: now)
    }

    @Test("the query that FastGPT sends at first is the window and nothing else")
    func fastGPT() {
        let query = read([
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
    func window() {
        #expect(read([:]).filter.from == now - week)
        #expect(read([:]).filter.through == nil)
        #expect(read(["start_timestamp": "1"]).filter.from == now - week)
        let ended = read(["end_timestamp": "1738000000000"]).filter
        #expect(ended.through == 1_738_000_000_000_999)
        #expect(ended.from == 1_738_000_000_000_999 - week)
        #expect(read(["start_timestamp": "1738308500"]).filter.from == 1_738_308_500_000_000)
        #expect(read(["start_timestamp": "yesterday", "end_timestamp": "x"]).filter.from == now - week)
    }

    @Test("channel, token and code of 0 are no condition, and neither is what is no number")
    func zeros() {
        let query = read(["channel": "0", "token_id": "0", "code": "0"])
        #expect(query.filter.channel == nil && query.filter.tokenID == nil && query.filter.result == nil)
        let words = read(["channel": "seven", "token_id": "x", "code": "ok"])
        #expect(words.filter.channel == nil && words.filter.tokenID == nil && words.filter.result == nil)
    }

    @Test("code_type decides before code")
    func results() {
        #expect(read(["code_type": "success", "code": "429"]).filter.result == .success)
        #expect(read(["code_type": "error", "code": "200"]).filter.result == .failure)
        #expect(read(["code_type": "all", "code": "429"]).filter.result == .code(429))
        #expect(read(["code": "429"]).filter.result == .code(429))
        #expect(read(["code_type": "Success"]).filter.result == nil)
    }

    @Test("each list reads its own part of the query")
    func scopes() {
        let all = [
            "channel": "7", "group": "g", "token_id": "3", "token_name": "t", "keyword": "k", "model_name": "m",
            "user": "u", "ip": "i",
            "upstream_id": "up", "request_id": "r",
        ]
        let list = read(all, .list).filter
        #expect(
            list.channel == 7 && list.group == nil && list.tokenID == nil && list.tokenName == nil
                && list.keyword == nil)
        let search = read(all, .search).filter
        #expect(
            search.channel == 7 && search.group == "g" && search.tokenID == 3 && search.tokenName == "t"
                && search.keyword == "k")
        let group = read(all, .groupList("own")).filter
        #expect(
            group.channel == nil && group.group == "own" && group.tokenID == 3 && group.tokenName == "t"
                && group.keyword == nil)
        let groupSearch = read(all, .groupSearch("own")).filter
        #expect(groupSearch.channel == nil && groupSearch.group == "own" && groupSearch.keyword == "k")
        for filter in [list, search, group, groupSearch] {
            #expect(
                filter.model == "m" && filter.user == "u" && filter.ip == "i" && filter.upstreamID == "up"
                    && filter.requestID == "r")
        }
    }

    @Test("an order that is none is the newest first, and any suffix but asc is descending")
    func orders() {
        #expect(read(["order": "request_at-asc"]).order == LogOrder(.requestAt, isAscending: true))
        #expect(read(["order": "request_at-up"]).order == LogOrder(.requestAt))
        #expect(read(["order": "id"]).order == LogOrder(.id))
        for text in ["", "code-asc", "id;drop table", "-asc", "ID-asc"] {
            #expect(read(["order": text]).order == LogOrder(.createdAt))
        }
    }
}
