package import Contracts
package import JSON

/// Reads OpenAI's `usage` object, with the members that other vendors add (contract relay §5.4, providers §3.4, §21).
package enum UsageReader {
    private static let keys = JSONKeys(
        "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details",
        "input_tokens", "output_tokens", "prompt_cache_hit_tokens")
    private static let otherKeys = JSONKeys("input_tokens_details", "output_tokens_details", "cached_tokens")
    private static let detailKeys = JSONKeys(
        "cached_tokens", "cache_creation_tokens", "reasoning_tokens", "audio_tokens", "image_tokens")

    /// The counts of the usage object at a place of the bytes; `nil` when it is no object or has no count above zero.
    package static func read(_ bytes: [UInt8], _ place: Range<Int>, parser: JSONParser) -> TokenUsage? {
        guard let usage = Object(bytes, place, keys, parser), let others = Object(bytes, place, otherKeys, parser)
        else {
            return nil
        }
        let prompt = usage.object(3, detailKeys, parser) ?? others.object(0, detailKeys, parser)
        let output = usage.object(4, detailKeys, parser) ?? others.object(1, detailKeys, parser)
        var counts = TokenUsage()
        counts.inputTokens = usage.count(0) ?? usage.count(5) ?? 0
        counts.outputTokens = usage.count(1) ?? usage.count(6) ?? 0
        counts.cachedTokens = prompt?.count(0) ?? usage.count(7) ?? others.count(2) ?? 0
        counts.cacheCreationTokens = prompt?.count(1) ?? 0
        counts.reasoningTokens = output?.count(2) ?? 0
        counts.audioInputTokens = prompt?.count(3) ?? 0
        counts.imageInputTokens = prompt?.count(4) ?? 0
        counts.audioOutputTokens = output?.count(3) ?? 0
        counts.imageOutputTokens = output?.count(4) ?? 0
        counts.totalTokens = usage.count(2) ?? counts.inputTokens + counts.outputTokens
        if counts.inputTokens == 0, counts.outputTokens == 0, counts.totalTokens == 0 { return nil }
        return counts
    }

    /// The wanted members of one object; makes no tree, since every answer has a usage.
    private struct Object {
        private let bytes: [UInt8]
        private let start: Int
        private let scan: JSONScan

        init?(_ bytes: [UInt8], _ place: Range<Int>, _ keys: JSONKeys, _ parser: JSONParser) {
            guard let scan = try? parser.scan(bytes, in: place, for: keys) else { return nil }
            self.bytes = bytes
            start = place.lowerBound
            self.scan = scan
        }

        func object(_ key: Int, _ keys: JSONKeys, _ parser: JSONParser) -> Object? {
            guard let field = scan[key], field.kind == .object else { return nil }
            return Object(bytes, field.range.shifted(by: start), keys, parser)
        }

        /// A count from 0 to 10¹², so that sums of hostile answers cannot overflow.
        func count(_ key: Int) -> Int? {
            scan[key]?.int(in: bytes, from: start).map { min(max($0, 0), 1_000_000_000_000) }
        }
    }
}
