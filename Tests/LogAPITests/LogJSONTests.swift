import Contracts
import JSON
import Testing

@testable import LogAPI
@testable import LogStore

@Suite struct LogJSONTests {
    private func call(_ change: (inout StoredCall) -> Void = { _ in }) -> StoredCall {
        var call = StoredCall(
            id: 90_211, createdAt: 1_782_711_201_100_999, requestAt: 1_782_711_199_004_512, retryAt: nil,
            firstByteMicroseconds: nil,
            requestID: "1782711199004512", model: "gpt-4o-mini", upstreamModel: "", mode: 0, code: 200,
            outcome: "completed",
            isStream: false, channel: nil, group: "", tokenID: nil, tokenName: "", endpoint: "", ip: "", user: "",
            upstreamID: "",
            content: "", retryCount: 0, usage: TokenUsage(), usageSource: "unknown", attempts: "[]", price: nil,
            amounts: [:],
            hasBody: false, body: nil)
        change(&call)
        return call
    }

    private func text(_ call: StoredCall) -> String {
        var writer = JSONWriter()
        LogJSON.write(call, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("what is 0 or empty is left out, and the objects that are always there are there")
    func bare() {
        #expect(
            text(call())
                == #"{"id":90211,"request_id":"1782711199004512","created_at":1782711201100,"request_at":1782711199004,"model":"gpt-4o-mini","code":200,"outcome":"completed","price":{},"amount":{},"usage":{},"usage_source":"unknown","usage_context":{},"attempts":[]}"#
        )
    }

    @Test("a call with everything shows everything")
    func full() {
        let full = call {
            $0.retryAt = 1_782_711_200_000_500
            $0.firstByteMicroseconds = 640_499
            $0.retryCount = 2
            $0.upstreamModel = "real"
            $0.mode = 1
            $0.code = 502
            $0.outcome = "upstreamCut"
            $0.isStream = true
            $0.channel = 7
            $0.group = "team-a"
            $0.tokenID = 12
            $0.tokenName = "svc"
            $0.endpoint = "/v1/chat/completions"
            $0.ip = "10.2.0.8"
            $0.user = "u"
            $0.upstreamID = "chatcmpl-x1"
            $0.content = "{}"
            $0.usage = TokenUsage(inputTokens: 800, outputTokens: 500, totalTokens: 1300, cachedTokens: 4)
            $0.usageSource = "measured"
            $0.attempts = #"[{"channel": 7}]"#
            $0.price = #"{"input_price": 0.00015}"#
            $0.amounts = [.input: "0.00012", .output: "0", .cached: "0.000", .used: "0.00042"]
            $0.hasBody = true
        }
        #expect(
            text(full)
                == #"{"id":90211,"request_id":"1782711199004512","created_at":1782711201100,"request_at":1782711199004,"retry_at":1782711200000,"ttfb_milliseconds":640,"retry_times":2,"model":"gpt-4o-mini","upstream_model":"real","mode":1,"code":502,"outcome":"upstreamCut","is_stream":true,"channel":7,"group":"team-a","token_id":12,"token_name":"svc","endpoint":"/v1/chat/completions","ip":"10.2.0.8","user":"u","upstream_id":"chatcmpl-x1","content":"{}","used_amount":0.00042,"price":{"input_price": 0.00015},"amount":{"input_amount":0.00012,"used_amount":0.00042},"usage":{"input_tokens":800,"output_tokens":500,"cached_tokens":4,"total_tokens":1300},"usage_source":"measured","usage_context":{},"attempts":[{"channel": 7}],"request_detail":{"id":90211,"log_id":90211}}"#
        )
    }

    @Test("bodies are shown when they were read, flags only when they are true")
    func bodies() {
        let shown = call {
            $0.hasBody = true
            $0.body = StoredBody(
                logID: 90_211, requestBody: "{\"a\"", responseBody: nil, isRequestBodyTruncated: true,
                isResponseBodyTruncated: false)
        }
        #expect(
            text(shown).hasSuffix(
                #""request_detail":{"id":90211,"log_id":90211,"request_body":"{\"a\"","request_body_truncated":true}}"#)
        )
    }

    @Test("nothing is ever null", arguments: [true, false])
    func noNulls(_ hasBody: Bool) throws {
        let value = try JSONValue.parse(Array(text(call { $0.hasBody = hasBody }).utf8))
        for member in try #require(value.object).members { #expect(!member.value.isNull) }
    }

    @Test("a long error is cut between characters and marked")
    func cut() {
        #expect(LogJSON.cut(String(repeating: "a", count: 1_024)) == String(repeating: "a", count: 1_024))
        #expect(LogJSON.cut(String(repeating: "a", count: 1_025)) == String(repeating: "a", count: 1_024) + "...")
        for lead in 0..<4 {
            let text = String(repeating: "a", count: lead) + String(repeating: "\u{1F600}", count: 400)
            let cut = LogJSON.cut(text)
            #expect(cut.utf8.count <= 1_027 && cut.utf8.count > 1_020)
            #expect(cut.hasSuffix("\u{1F600}..."))
        }
        #expect(LogJSON.cut(String(repeating: "e\u{301}", count: 1_000)).utf8.count <= 1_027)
    }
}
