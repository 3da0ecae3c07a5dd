package import Contracts

/// Reads OpenAI's `usage` object, with the members that other vendors add (contract relay §5.4, providers §3.4, §21).
///
/// Every answer has one, so it is read in one pass over its bytes, without a tree. The bytes were checked to be JSON with the answer they stand in;
/// anything else gives `nil`, never a trap.
package struct UsageReader {
    private let bytes: [UInt8]
    private var place: Int
    private let end: Int
    private var prompt = Details()
    private var output = Details()
    private var input: Int?
    private var completion: Int?
    private var total: Int?
    private var cacheHits: Int?

    /// The finer counts of one side.
    private struct Details {
        var cached: Int?
        var cacheCreation: Int?
        var reasoning: Int?
        var audio: Int?
        var image: Int?
    }

    /// The side whose details an object holds.
    private enum Side {
        case prompt, output, other
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        place = range.lowerBound
        end = range.upperBound
    }

    /// The counts of the usage object at a place of the bytes; `nil` when it is no object or has no count above zero.
    package static func read(_ bytes: [UInt8], _ place: Range<Int>) -> TokenUsage? {
        var reader = UsageReader(bytes, place)
        guard reader.members(of: nil) else { return nil }
        var counts = TokenUsage()
        counts.inputTokens = reader.input ?? 0
        counts.outputTokens = reader.completion ?? 0
        counts.cachedTokens = reader.prompt.cached ?? reader.cacheHits ?? 0
        counts.cacheCreationTokens = reader.prompt.cacheCreation ?? 0
        counts.reasoningTokens = reader.output.reasoning ?? 0
        counts.audioInputTokens = reader.prompt.audio ?? 0
        counts.imageInputTokens = reader.prompt.image ?? 0
        counts.audioOutputTokens = reader.output.audio ?? 0
        counts.imageOutputTokens = reader.output.image ?? 0
        counts.totalTokens = reader.total ?? counts.inputTokens + counts.outputTokens
        if counts.inputTokens == 0, counts.outputTokens == 0, counts.totalTokens == 0 { return nil }
        return counts
    }

    /// Reads the members of an object; `side` is `nil` for the usage itself. False when it is no object.
    private mutating func members(of side: Side?) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            guard let key = string(), take(UInt8(ascii: ":")) else { return false }
            skipBlanks()
            guard place < end else { return false }
            switch bytes[place] {
            case UInt8(ascii: "{") where side == nil:
                guard members(of: self.side(key)) else { return false }
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                note(key, number(), side)
            default:
                skipValue()
            }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private func side(_ key: Range<Int>) -> Side {
        if isKey(key, "prompt_tokens_details") || isKey(key, "input_tokens_details") { return .prompt }
        return isKey(key, "completion_tokens_details") || isKey(key, "output_tokens_details") ? .output : .other
    }

    private mutating func note(_ key: Range<Int>, _ value: Int, _ side: Side?) {
        switch side {
        case nil:
            if isKey(key, "prompt_tokens") || (input == nil && isKey(key, "input_tokens")) {
                input = value
            } else if isKey(key, "completion_tokens") || (completion == nil && isKey(key, "output_tokens")) {
                completion = value
            } else if isKey(key, "total_tokens") {
                total = value
            } else if isKey(key, "prompt_cache_hit_tokens") || (cacheHits == nil && isKey(key, "cached_tokens")) {
                cacheHits = value
            }
        case .prompt: note(key, value, in: &prompt)
        case .output: note(key, value, in: &output)
        case .other: break
        }
    }

    private func note(_ key: Range<Int>, _ value: Int, in details: inout Details) {
        if isKey(key, "cached_tokens") {
            details.cached = value
        } else if isKey(key, "cache_creation_tokens") {
            details.cacheCreation = value
        } else if isKey(key, "reasoning_tokens") {
            details.reasoning = value
        } else if isKey(key, "audio_tokens") {
            details.audio = value
        } else if isKey(key, "image_tokens") {
            details.image = value
        }
    }

    /// Whether the bytes of a key are the name; names have no escapes.
    private func isKey(_ key: Range<Int>, _ name: StaticString) -> Bool {
        guard key.count == name.utf8CodeUnitCount else { return false }
        for offset in 0..<key.count {
            guard unsafe bytes[key.lowerBound + offset] == name.utf8Start[offset] else { return false }
        }
        return true
    }

    private mutating func skipBlanks() {
        while place < end, bytes[place] <= 32 { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard place < end, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// The inside of a string, and the place behind it.
    private mutating func string() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = place
        while place < end, bytes[place] != UInt8(ascii: "\"") { place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1 }
        guard place < end else { return nil }
        place += 1
        return start..<place - 1
    }

    /// A count from 0 to 10¹², so that sums of hostile answers cannot overflow; digits behind a point are dropped, an exponent makes it 0.
    private mutating func number() -> Int {
        var value = 0
        while place < end, bytes[place] >= UInt8(ascii: "0"), bytes[place] <= UInt8(ascii: "9") {
            value = min(value * 10 + Int(bytes[place] - UInt8(ascii: "0")), 1_000_000_000_000)
            place += 1
        }
        while place < end, bytes[place] != UInt8(ascii: ","), bytes[place] != UInt8(ascii: "}"), bytes[place] > 32 {
            if bytes[place] | 0x20 == UInt8(ascii: "e") { value = 0 }
            place += 1
        }
        return value
    }

    /// Goes behind a value that is of no interest.
    private mutating func skipValue() {
        var depth = 0
        while place < end {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return }
                if depth == 0 { return }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                if depth == 0 {
                    place += 1
                    return
                }
            case UInt8(ascii: ","):
                if depth == 0 { return }
            default: break
            }
            place += 1
        }
    }
}
