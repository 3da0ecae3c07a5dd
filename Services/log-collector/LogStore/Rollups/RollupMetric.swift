import Contracts

/// What is summed; the raw value is the name of the column and of the key in the answer (contract admin-api §6.1, §13.7).
package enum RollupMetric: String, Sendable, CaseIterable {
    case requestCount = "request_count"
    case retryCount = "retry_count"
    case exceptionCount = "exception_count"
    case status2xx = "status_2xx_count"
    case status4xx = "status_4xx_count"
    case status5xx = "status_5xx_count"
    case statusOther = "status_other_count"
    case status400 = "status_400_count"
    case status429 = "status_429_count"
    case status500 = "status_500_count"
    case cacheHits = "cache_hit_count"
    case cacheCreations = "cache_creation_count"
    case input = "input_tokens"
    case imageInput = "image_input_tokens"
    case audioInput = "audio_input_tokens"
    case videoInput = "video_input_tokens"
    case output = "output_tokens"
    case imageOutput = "image_output_tokens"
    case audioOutput = "audio_output_tokens"
    case cached = "cached_tokens"
    case cacheCreation = "cache_creation_tokens"
    case reasoning = "reasoning_tokens"
    case total = "total_tokens"
    case webSearches = "web_search_count"
    case time = "total_time_milliseconds"
    case firstByte = "total_ttfb_milliseconds"

    var place: Int { Self.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}

/// How long the spans are that are summed, in minutes; every span starts at a multiple of its length since 1970.
package enum RollupGrain: Int, Sendable, CaseIterable {
    case minute = 1
    case quarter = 15
    case hour = 60
    case day = 1_440

    /// The length in microseconds.
    package var width: Int64 { Int64(rawValue) * 60_000_000 }

    /// The name of its partitions.
    var name: String { "\(self)" }
}

/// One value for each metric.
package struct RollupCounts: Equatable, Sendable {
    private var values = [Int64](repeating: 0, count: RollupMetric.allCases.count)

    /// All zero.
    package init() {}

    /// The value of a metric.
    package subscript(_ metric: RollupMetric) -> Int64 {
        get { values[metric.place] }
        set { values[metric.place] = newValue }
    }

    /// Adds each metric to its own.
    package static func += (left: inout RollupCounts, right: RollupCounts) {
        for place in left.values.indices { left.values[place] += right.values[place] }
    }
}

extension RollupCounts {
    /// More than any call can have; an upstream that reports nonsense must not make a sum overflow.
    private static let most: Int64 = 1_000_000_000

    /// What the call itself counts for: as the caller saw it.
    init(_ record: CallRecord) {
        self.init()
        count(status: record.code, isException: record.code != 200)
        self[.time] = Self.sane(record.finishedAt / 1_000 - record.requestAt / 1_000)
        self[.firstByte] = Self.sane(record.firstByteMicroseconds.map { ($0 + 500) / 1_000 } ?? 0)
        let usage = record.usage
        self[.input] = Self.sane(usage.inputTokens)
        self[.imageInput] = Self.sane(usage.imageInputTokens)
        self[.audioInput] = Self.sane(usage.audioInputTokens)
        self[.output] = Self.sane(usage.outputTokens)
        self[.imageOutput] = Self.sane(usage.imageOutputTokens)
        self[.audioOutput] = Self.sane(usage.audioOutputTokens)
        self[.cached] = Self.sane(usage.cachedTokens)
        self[.cacheCreation] = Self.sane(usage.cacheCreationTokens)
        self[.reasoning] = Self.sane(usage.reasoningTokens)
        self[.total] = Self.sane(usage.totalTokens)
        self[.cacheHits] = self[.cached] > 0 ? 1 : 0
        self[.cacheCreations] = self[.cacheCreation] > 0 ? 1 : 0
    }

    /// What an attempt counts for that another one followed; always an exception and a retry, so that both can be told from the last attempt.
    init(superseded attempt: CallAttempt) {
        self.init()
        count(status: attempt.status ?? Self.unanswered(attempt), isException: true)
        self[.retryCount] = 1
        self[.time] = Self.sane(attempt.durationMicroseconds / 1_000)
    }

    private mutating func count(status: Int, isException: Bool) {
        self[.requestCount] = 1
        if isException { self[.exceptionCount] = 1 }
        switch status {
        case 200..<300: self[.status2xx] = 1
        case 400..<500: self[.status4xx] = 1
        case 500..<600: self[.status5xx] = 1
        default: self[.statusOther] = 1
        }
        switch status {
        case 400: self[.status400] = 1
        case 429: self[.status429] = 1
        case 500: self[.status500] = 1
        default: break
        }
    }

    /// The status of an upstream that gave none (contract relay §2.7).
    private static func unanswered(_ attempt: CallAttempt) -> Int { attempt.outcome == .timedOut ? 408 : 500 }

    private static func sane(_ value: some BinaryInteger) -> Int64 { min(max(Int64(clamping: value), 0), most) }
}
