import Contracts
import InferenceModel
import JSON

/// What a debug channel's `configs` ask for (contract providers §24, admin-api §14.3). A value of a wrong kind counts as missing, one out of range as the nearest.
struct FakeSettings {
    private let configs: JSONObject

    /// No text is told in more pieces, and no pause is longer.
    private static let mostPieces = 1000, longestPause = 10_000
    private static let usualPiece = 12

    init(_ configs: JSONObject) {
        self.configs = configs
    }

    private func text(_ key: String) -> String { configs[key]?.string ?? "" }

    private func number(_ key: String, of object: String? = nil) -> Int? {
        object.map { configs[$0]?[key]?.int } ?? configs[key]?.int
    }

    /// The pause before a whole answer, and between the pieces of a stream.
    var pause: Duration { .milliseconds(min(max(number("delay_ms") ?? 0, 0), Self.longestPause)) }

    var thought: String { text("reasoning_text") }

    /// The answer to what the user said last: the text of the settings, or an echo.
    func answer(to said: String) -> String {
        let told = configs["static_text"]?.string
        return text("response_prefix") + (told ?? said) + text("response_suffix")
    }

    /// A text in the pieces of a stream: of a size, or so many.
    func pieces(_ text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        let count = text.count
        var size = number("stream_chunk_size") ?? 0
        if size < 1 {
            let wanted = number("stream_chunks") ?? 0
            size = wanted > 0 ? (count + wanted - 1) / wanted : Self.usualPiece
        }
        size = max(size, (count + Self.mostPieces - 1) / Self.mostPieces)
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return pieces
    }

    /// The counts of the settings; what they do not say is counted.
    func usage(input: Int, output: Int) -> TokenUsage {
        func count(_ keys: String...) -> Int? {
            keys.lazy.compactMap { number($0, of: "usage") }.first.map { min(max($0, 0), 1_000_000_000_000) }
        }
        var usage = TokenUsage()
        usage.inputTokens = count("input_tokens", "prompt_tokens") ?? input
        usage.outputTokens = count("output_tokens", "completion_tokens") ?? output
        usage.totalTokens = count("total_tokens") ?? usage.inputTokens + usage.outputTokens
        usage.cachedTokens = min(count("cached_tokens") ?? 0, usage.inputTokens)
        usage.cacheCreationTokens = count("cache_creation_tokens") ?? 0
        usage.reasoningTokens = count("reasoning_tokens") ?? 0
        return usage
    }

    /// How an answer to a caller of a protocol ends.
    func finish(_ family: ProtocolFamily) -> FinishReason {
        let word =
            switch family {
            case .anthropic: configs["anthropic"]?["stop_reason"]?.string
            case .gemini: configs["gemini"]?["finish_reason"]?.string
            case .responses: configs["response"]?["status"]?.string
            default: nil as String?
            }
        switch word?.lowercased() {
        case "max_tokens", "length", "incomplete": return .length
        case "refusal", "safety", "content_filter", "prohibited_content", "recitation": return .contentFilter
        case "stop_sequence": return .stopSequence
        default: return .stop
        }
    }

    /// The version of the model in Gemini's answers; `nil` for the requested name.
    var modelVersion: String? { configs["gemini"]?["model_version"]?.string }
    /// Whether responses can be fetched again.
    var keepsResponses: Bool { configs["response"]?["store"]?.bool ?? true }

    /// One vector for each text, the same for the same place.
    func vector(_ place: Int, length: Int?) -> [UInt8] {
        let length = min(max(length ?? number("dimensions", of: "embedding") ?? 8, 1), 8192)
        let base = configs["embedding"]?["base"]?.double ?? 0.1
        var json = JSONWriter(reserving: length * 8)
        json.array { list in
            for index in 0..<length { list.double(base + Double(place) + Double(index) / 1024) }
        }
        return json.bytes
    }

    /// Scores that fall from document to document.
    func score(_ place: Int) -> Double {
        let base = configs["rerank"]?["base_score"]?.double ?? 0.9
        return base - (configs["rerank"]?["step"]?.double ?? 0.1) * Double(place)
    }

    var returnsDocuments: Bool? { configs["rerank"]?["return_documents"]?.bool }

    func image(_ key: String) -> String? { configs["image"]?[key]?.string }

    func imageCount(_ key: String) -> Int? { number(key, of: "image").map { max($0, 0) } }

    /// What the channel that only fails answers (type 55).
    var error: UpstreamError {
        let status = number("error_status_code") ?? 400
        let (message, code) = (text("error_message"), text("error_code"))
        return UpstreamError(
            status: (400...599).contains(status) ? status : 400, message: message.isEmpty ? "fake error" : message,
            type: "upstream_error", code: .string(code.isEmpty ? "fake_error" : code))
    }
}
