import Contracts
import Testing

@testable import GatewayAPI

/// A result as the contract's example has it.
func sampleTest(isSuccess: Bool = true, response: String = "") -> ChannelTest {
    ChannelTest(
        testedAt: 1_782_711_200_123_456, model: "gpt-4o-mini", actualModel: "gpt-4o-mini-eu", mode: 1,
        isSuccess: isSuccess, code: isSuccess ? 200 : 401, response: response, took: 842_000, channel: 7,
        channelType: 1,
        channelName: "main-openai")
}

@Suite("Items of a run")
struct TestReportTests {
    private func item(_ report: TestReport, _ rules: TestItemRules = TestItemRules()) -> String? {
        rules.item(report).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a result looks as in the contract, its time in milliseconds and its span in seconds")
    func result() {
        let report = TestReport.result(sampleTest(), isKept: true)
        #expect(
            item(report, TestItemRules(returnsSuccess: true))
                == #"{"data":{"test_at":1782711200123,"model":"gpt-4o-mini","actual_model":"gpt-4o-mini-eu","response":"","channel_name":"main-openai","channel_type":1,"channel_id":7,"took":0.842,"success":true,"mode":1,"code":200},"success":true}"#
        )
    }

    @Test("a failed upstream is an item with success, and its error is text in data")
    func failure() {
        let report = TestReport.result(sampleTest(isSuccess: false, response: #"{"error":{}}"#), isKept: true)
        #expect(
            item(report)
                == #"{"data":{"test_at":1782711200123,"model":"gpt-4o-mini","actual_model":"gpt-4o-mini-eu","response":"{\"error\":{}}","channel_name":"main-openai","channel_type":1,"channel_id":7,"took":0.842,"success":false,"mode":1,"code":401},"success":true}"#
        )
    }

    @Test("a success is an item only when asked for, with its body only when that is asked for too")
    func success() throws {
        let report = TestReport.result(sampleTest(response: "body"), isKept: true)
        #expect(item(report) == nil)
        #expect(item(report, TestItemRules(showsBody: true)) == nil)
        let without = try #require(item(report, TestItemRules(returnsSuccess: true)))
        let with = try #require(item(report, TestItemRules(returnsSuccess: true, showsBody: true)))
        #expect(without.contains(#""response":"""#) && with.contains(#""response":"body""#))
    }

    @Test("what cannot be probed is an item without data; what is never tested or was ended is none")
    func others() {
        #expect(item(.fault("no")) == #"{"message":"no","success":false}"#)
        #expect(item(.untestable("no")) == nil && item(.ended) == nil)
    }

    @Test("only results without a failure make a run faultless")
    func failures() {
        let reports: [(TestReport, Bool)] = [
            (.result(sampleTest(), isKept: true), false), (.result(sampleTest(isSuccess: false), isKept: true), true),
            (.fault("no"), true), (.untestable("no"), false), (.ended, true),
        ]
        for (report, isFailure) in reports { #expect(report.isFailure == isFailure) }
    }

    @Test("what is kept of a result is the error text, cut, and nothing of a good answer")
    func short() {
        #expect(TestResults.short(sampleTest(response: "body")).response == "")
        let error = sampleTest(isSuccess: false, response: "error")
        #expect(TestResults.short(error) == error)
        let long = TestResults.short(sampleTest(isSuccess: false, response: String(repeating: "x", count: 9000)))
        #expect(long.response.utf8.count == ChannelTestBatch.maxResponseBytes && long.response.hasSuffix("x..."))
    }
}
