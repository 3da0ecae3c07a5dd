package import Contracts
package import LogStore

/// Records for tests: an ordinary call, changed by the test.
package enum RecordBuilder {
    /// A completed chat that ended at a moment.
    package static func record(_ at: Int64, _ change: (inout CallRecord) -> Void = { _ in }) -> CallRecord {
        var record = CallRecord(
            requestID: String(at), requestAt: at - 1_500_000, finishedAt: at, firstByteMicroseconds: 640_123,
            model: "gpt-4o-test", upstreamModel: "gpt-4o", mode: .chatCompletions, code: 200, outcome: .completed,
            channel: 7, endpoint: "/v1/chat/completions", ip: "10.2.0.8", upstreamID: "chatcmpl-1",
            usage: TokenUsage(inputTokens: 8, outputTokens: 5, totalTokens: 13), usageSource: .measured,
            attempts: [
                CallAttempt(
                    channel: 7, reason: "highest weight", status: 200, outcome: .completed, startedAt: at - 1_400_000,
                    durationMicroseconds: 1_300_000)
            ])
        change(&record)
        return record
    }

    /// A failed call with both bodies.
    package static func failure(_ at: Int64, code: Int = 500) -> CallRecord {
        record(at) {
            $0.code = code
            $0.outcome = .failed
            $0.content = #"{"error":{"message":"boom"}}"#
            $0.requestBody = #"{"model":"gpt-4o-test"}"#
            $0.responseBody = #"{"error":"boom"}"#
            $0.isRequestBodyTruncated = true
        }
    }

    /// A batch of one gateway.
    package static func batch(_ records: [CallRecord], instance: String = "gateway-1", sequence: Int64 = 1) -> LogBatch
    {
        LogBatch(LogShipment(instance: instance, sequence: sequence), records: records)
    }
}
