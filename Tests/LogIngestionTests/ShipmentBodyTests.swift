import Contracts
import Foundation
import Testing

@testable import LogIngestion

@Suite struct ShipmentBodyTests {
    private func encoded(_ record: CallRecord) throws -> [UInt8] { Array(try JSONEncoder().encode(record)) }

    private func full() -> CallRecord {
        CallRecord(
            requestID: "1782711199004512", requestAt: 1_782_711_199_004_512, finishedAt: 1_782_711_201_100_000,
            firstByteMicroseconds: 640_123, retryAt: 1_782_711_199_500_000, model: "gpt-4o-测试", upstreamModel: "gpt-4o",
            mode: .chatCompletions, code: 502, outcome: .upstreamCut, isStream: true, channel: 7, group: "team-a",
            tokenID: 12,
            tokenName: "svc", endpoint: "/v1/chat/completions", ip: "10.2.0.8", user: "u\"1", upstreamID: "chatcmpl-x1",
            usage: TokenUsage(
                inputTokens: 1, outputTokens: 2, totalTokens: 3, cachedTokens: 4, cacheCreationTokens: 5,
                reasoningTokens: 6,
                audioInputTokens: 7, audioOutputTokens: 8, imageInputTokens: 9, imageOutputTokens: 10),
            usageSource: .estimated,
            attempts: [
                CallAttempt(
                    channel: 3, reason: "highest weight", status: 500, outcome: .failed, error: "upstream_status",
                    startedAt: 1_782_711_199_004_600, durationMicroseconds: 1_500),
                CallAttempt(
                    channel: 7, reason: "next", outcome: .upstreamCut, error: "upstream_cut",
                    startedAt: 1_782_711_199_500_000,
                    durationMicroseconds: 9_000),
            ], content: #"{"error":{"message":"cut"}}"#, requestBody: "{\n}", responseBody: "half\u{1F600}",
            isRequestBodyTruncated: false, isResponseBodyTruncated: true)
    }

    @Test("a record in its Codable form is read back as it was")
    func roundTrip() throws {
        let bare = CallRecord(
            requestID: "r", requestAt: 0, finishedAt: 1, model: "", mode: .embeddings, code: 200, outcome: .completed,
            endpoint: "/", ip: "")
        let body = ShipmentBody(try encoded(full()) + [10] + encoded(bare))
        #expect(body.rejected == 0)
        #expect(body.records == [full(), bare])
    }

    @Test("every mode, outcome and usage source is read back")
    func enumerations() throws {
        for mode in RelayMode.allCases {
            for (outcome, source) in zip(CallOutcome.allCases, UsageSource.allCases + UsageSource.allCases) {
                var record = full()
                (record.mode, record.outcome, record.usageSource) = (mode, outcome, source)
                #expect(ShipmentBody(try encoded(record)).records == [record])
            }
        }
    }

    @Test("lines end with LF or CRLF, the last one with nothing, and empty ones are none")
    func lineEnds() throws {
        let line = try encoded(full())
        let body = ShipmentBody([10, 13, 10] + line + [13, 10, 10] + line)
        #expect(body.records.count == 2 && body.rejected == 0)
        #expect(ShipmentBody([]).records.isEmpty)
        #expect(ShipmentBody([10, 13]).rejected == 0)
    }

    @Test(
        "a line that is no record is counted and the others are read",
        arguments: [
            "nonsense", "[]", "1", "\"x\"", "null", "{}", "{", #"{"requestID":1}"#,
            #"{"requestID":"a","requestAt":1,"finishedAt":2,"model":"m"}"#,
            #"{"requestID":"a","requestAt":"1","finishedAt":2,"model":"m","code":200}"#,
            #"{"requestID":"a","requestAt":1.5,"finishedAt":2,"model":"m","code":200}"#,
            #"{"requestID":"a","requestAt":-1,"finishedAt":2,"model":"m","code":200}"#,
            #"{"requestID":"a","requestAt":1,"finishedAt":9223372036854775807,"model":"m","code":200}"#,
            #"{"requestID":"a","requestAt":1,"finishedAt":99999999999999999999,"model":"m","code":200}"#,
            #"{"requestID":"a","requestAt":1,"finishedAt":2,"model":null,"code":200}"#,
            #"{"requestID":"a","requestAt":1,"finishedAt":2,"model":"m","code":200}{}"#,
            #"{"requestID":"a","requestAt":1,"finishedAt":2,"model":"m","code":200,"x":"#
                + String(repeating: "[", count: 40)
                + String(repeating: "]", count: 40) + "}",
        ])
    func bad(_ text: String) throws {
        let line = try encoded(full())
        let body = ShipmentBody(line + [10] + Array(text.utf8) + [10] + line)
        #expect(body.records == [full(), full()])
        #expect(body.rejected == 1)
        #expect(body.firstFault?.hasPrefix("line 2: ") == true)
    }

    @Test("a fault never quotes the line")
    func quiet() {
        let body = ShipmentBody(Array(#"{"requestID":"sk-secret","requestAt":"sk-secret"}"#.utf8))
        #expect(body.firstFault?.contains("sk-secret") == false)
    }

    @Test("what other fields hold of another type, or a newer gateway writes, does not lose the record")
    func lenient() throws {
        let text = #"""
            {"requestID":"a","requestAt":1,"finishedAt":2,"model":"m","code":503,"mode":999,"outcome":"exploded","usageSource":7,
            "channel":"x","usage":[1],"attempts":{"a":1},"isStream":"yes","group":null,"content":12,"retryAt":-5,"future":{"x":[1]}}
            """#
        let record = try #require(ShipmentBody(Array(text.replacingOccurrences(of: "\n", with: "").utf8)).records.first)
        #expect(record.mode == .unknown && record.outcome == .failed && record.usageSource == .unknown)
        #expect(record.channel == nil && record.usage == TokenUsage() && record.attempts.isEmpty && !record.isStream)
        #expect(record.group.isEmpty && record.content.isEmpty && record.retryAt == nil)
    }

    @Test("an unknown outcome of a good status is a completed call")
    func unknownOutcome() throws {
        let text = #"{"requestID":"a","requestAt":1,"finishedAt":2,"model":"m","code":200,"outcome":"better"}"#
        #expect(ShipmentBody(Array(text.utf8)).records.first?.outcome == .completed)
    }

    @Test("bytes that are not UTF-8 become U+FFFD and the record stays")
    func invalidUTF8() throws {
        var line = try encoded(full())
        let place = try #require(line.firstRange(of: Array("svc".utf8))?.lowerBound)
        line[place] = 0xFF
        line[place + 1] = 0xC3
        let body = ShipmentBody(line)
        #expect(body.rejected == 0)
        #expect(body.records.first?.tokenName == "\u{FFFD}\u{FFFD}c")
    }

    @Test("half of a surrogate pair becomes U+FFFD and NUL is kept for the store to replace")
    func escapes() throws {
        let text = #"{"requestID":"a\ud800","requestAt":1,"finishedAt":2,"model":"m\u0000n","code":200}"#
        let record = try #require(ShipmentBody(Array(text.utf8)).records.first)
        #expect(record.requestID == "a\u{FFFD}")
        #expect(record.model == "m\0n")
    }

    @Test("a body cut at any byte gives the whole records before the cut and at most one bad line")
    func cuts() throws {
        let line = try encoded(full())
        let whole = line + [10] + line
        for end in stride(from: 0, through: whole.count, by: 3) {
            let body = ShipmentBody(Array(whole[..<end]))
            let expected = (end >= line.count ? 1 : 0) + (end >= whole.count ? 1 : 0)
            #expect(body.records.count == expected)
            #expect(body.rejected <= 1)
        }
    }
}
