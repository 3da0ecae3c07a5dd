import Contracts
import JSON

/// Counts as Anthropic tells them: what was read from the cache and written to it stands beside `input_tokens`, not among them.
///
/// A stream tells them twice, and the truth is the merge: the beginning has the input, the end the output, and what the end repeats wins where it is not zero (contract
/// providers §4.5).
struct AnthropicUsage: Equatable {
    private(set) var input = 0
    private(set) var cacheRead = 0
    private(set) var cacheCreation = 0
    private(set) var output = 0
    private(set) var thinking = 0
    /// Whether any count was told.
    private(set) var isKnown = false

    private static let keys = JSONKeys(
        "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens",
        "output_tokens_details")
    private static let detailKeys = JSONKeys("thinking_tokens")

    /// Sums of hostile counts cannot overflow below this.
    private static let most = 1_000_000_000_000

    /// Merges the usage object at a place of the bytes; anything else is ignored.
    mutating func merge(_ bytes: [UInt8], _ place: Range<Int>, parser: JSONParser) {
        guard let scan = try? parser.scan(bytes, in: place, for: Self.keys) else { return }
        func count(_ key: Int) -> Int? {
            scan[key]?.int(in: bytes, from: place.lowerBound).map { min(max($0, 0), Self.most) }
        }
        take(count(0), into: \.input)
        take(count(1), into: \.cacheRead)
        take(count(2), into: \.cacheCreation)
        take(count(3), into: \.output)
        if let details = scan[4], details.kind == .object {
            let part = details.range.shifted(by: place.lowerBound)
            let inner = try? parser.scan(bytes, in: part, for: Self.detailKeys)
            take(
                inner?[0]?.int(in: bytes, from: part.lowerBound).map { min(max($0, 0), Self.most) }, into: \.thinking)
        }
    }

    private static let metricKeys = JSONKeys(
        "inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount", "outputTokenCount")

    /// Takes the counts that Bedrock adds to the end of a stream, where the stream itself told none.
    ///
    /// - Returns: Whether anything was new.
    mutating func fill(_ bytes: [UInt8], _ metrics: Range<Int>, parser: JSONParser) -> Bool {
        guard let scan = try? parser.scan(bytes, in: metrics, for: Self.metricKeys) else { return false }
        let told = self
        for (key, field) in [\Self.input, \.cacheRead, \.cacheCreation, \.output].enumerated()
        where told[keyPath: field] == 0 {
            let count = scan[key]?.int(in: bytes, from: metrics.lowerBound)
            take(count.map { min(max($0, 0), Self.most) }, into: field)
        }
        return self != told
    }

    /// Merges a usage object that was parsed.
    mutating func merge(_ tree: JSONValue?) {
        guard let tree else { return }
        func count(_ value: JSONValue?) -> Int? { value?.int.map { min(max($0, 0), Self.most) } }
        take(count(tree["input_tokens"]), into: \.input)
        take(count(tree["cache_read_input_tokens"]), into: \.cacheRead)
        take(count(tree["cache_creation_input_tokens"]), into: \.cacheCreation)
        take(count(tree["output_tokens"]), into: \.output)
        take(count(tree["output_tokens_details"]?["thinking_tokens"]), into: \.thinking)
    }

    private mutating func take(_ count: Int?, into field: WritableKeyPath<Self, Int>) {
        guard let count else { return }
        isKnown = true
        if count > 0 { self[keyPath: field] = count }
    }

    /// The counts in the gateway's terms; `nil` when none were told.
    var counts: TokenUsage? {
        guard isKnown else { return nil }
        let all = input + cacheRead + cacheCreation
        return TokenUsage(
            inputTokens: all, outputTokens: output, totalTokens: all + output, cachedTokens: cacheRead,
            cacheCreationTokens: cacheCreation, reasoningTokens: min(thinking, output))
    }

    /// Writes counts as Anthropic tells them.
    static func write(_ usage: TokenUsage?, _ json: inout JSONWriter) {
        let usage = usage ?? TokenUsage()
        json.object { member in
            member.field(
                "input_tokens", max(0, usage.inputTokens - usage.cachedTokens - usage.cacheCreationTokens))
            member.field("cache_creation_input_tokens", usage.cacheCreationTokens)
            member.field("cache_read_input_tokens", usage.cachedTokens)
            member.field("output_tokens", usage.outputTokens)
            if usage.reasoningTokens > 0 {
                member.key("output_tokens_details")
                member.object { $0.field("thinking_tokens", usage.reasoningTokens) }
            }
        }
    }
}
