import Contracts
import TestSupport

extension CallRecord {
    /// A plain record with a number as its id.
    static func numbered(_ number: Int, body: String? = nil) -> CallRecord {
        CallRecord(
            requestID: String(number), requestAt: 1, finishedAt: 2, model: "m", mode: .chatCompletions, code: 200,
            outcome: .completed, endpoint: "/v1/chat/completions", ip: "127.0.0.1", requestBody: body)
    }

    /// A record whose every field is drawn by chance, hostile texts and ends of number ranges among them.
    static func random(using generator: inout SeededGenerator) -> CallRecord {
        func text() -> String { HostileText.all.randomElement(using: &generator) ?? "" }
        func flag() -> Bool { Bool.random(using: &generator) }
        func wide() -> Int64 {
            [0, 1, -1, 9, 10, 99, 100, .max, .min, .max - 1, 1_700_000_000_000_000].randomElement(using: &generator)
                ?? 0
        }
        func int() -> Int { Int(wide()) }
        func outcome() -> CallOutcome { CallOutcome.allCases.randomElement(using: &generator) ?? .failed }
        return CallRecord(
            requestID: text(), requestAt: wide(), finishedAt: wide(), firstByteMicroseconds: flag() ? wide() : nil,
            retryAt: flag() ? wide() : nil, model: text(), upstreamModel: text(),
            mode: RelayMode.allCases.randomElement(using: &generator) ?? .unknown, code: int(), outcome: outcome(),
            isStream: flag(), channel: flag() ? int() : nil, group: text(), tokenID: flag() ? int() : nil,
            tokenName: text(), endpoint: text(), ip: text(), user: text(), upstreamID: text(),
            usage: TokenUsage(
                inputTokens: int(), outputTokens: int(), totalTokens: int(), cachedTokens: int(),
                cacheCreationTokens: int(), reasoningTokens: int(), audioInputTokens: int(), audioOutputTokens: int(),
                imageInputTokens: int(), imageOutputTokens: int()),
            usageSource: UsageSource.allCases.randomElement(using: &generator) ?? .unknown,
            attempts: (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                CallAttempt(
                    channel: int(), reason: text(), status: flag() ? int() : nil, outcome: outcome(), error: text(),
                    startedAt: wide(), durationMicroseconds: wide())
            },
            content: text(), requestBody: flag() ? text() : nil, responseBody: flag() ? text() : nil,
            isRequestBodyTruncated: flag(), isResponseBodyTruncated: flag())
    }
}
