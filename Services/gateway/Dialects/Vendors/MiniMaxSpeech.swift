import Contracts
import Crypto
package import InferenceModel
package import JSON

/// MiniMax's speech, `t2a_v2` (contract providers §13): sound comes as hexadecimal text, errors in good answers.
package struct MiniMaxSpeech: SpeechDialect {
    package init() {}

    package var defaultFormat: String { "mp3" }

    private static let formats = ["mp3", "wav", "flac", "pcm"]
    private static let voice = "male-qn-qingse"
    private static let foreign = UpstreamError.foreign("something that is no speech")

    package func write(_ request: SpeechRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        let format = request.format ?? defaultFormat
        guard Self.formats.contains(format) else {
            throw InvalidRequest(
                message: "'response_format' must be one of \(Self.formats.joined(separator: ", ")) for this model",
                field: "response_format")
        }
        let own = request.members
        // Sound with a header that tells its length comes only as a whole.
        let isStream = format != "wav"
        var voice = own["voice_setting"]?.object ?? JSONObject()
        if voice["voice_id"] == nil {
            if let name = request.voice, !name.isEmpty {
                voice["voice_id"] = .string(name)
            } else if own["timber_weights"] == nil {
                voice["voice_id"] = .string(Self.voice)
            }
        }
        if voice["speed"] == nil, let speed = request.speed { voice["speed"] = speed }
        var audio = own["audio_setting"]?.object ?? JSONObject()
        audio["format"] = .string(format)
        var body: JSONObject = [
            "model": .string(request.model), "text": .string(request.input), "stream": .bool(isStream),
            "language_boost": own["language_boost"] ?? "auto", "voice_setting": .object(voice),
            "audio_setting": .object(audio),
        ]
        for name in ["timber_weights", "pronunciation_dict", "voice_modify"] { body[name] = own[name] }
        // Else the last event says everything again.
        if isStream { body["stream_options"] = ["exclude_aggregated_audio": true] }
        return UpstreamBody(
            JSONValue.object(body).serialized(),
            headers: isStream ? OpenAIExchange.streamHeaders : OpenAIExchange.plainHeaders)
    }

    package func read(_ body: [UInt8], parser: JSONParser) throws(UpstreamError) -> SpeechResponse {
        guard let tree = try? parser.parse(body), tree.object != nil else { throw Self.foreign }
        let part = try Self.part(tree)
        guard let audio = part.audio, !audio.isEmpty else { throw Self.foreign }
        return SpeechResponse(audio: audio, usage: part.usage)
    }

    package func makeReader() -> any SpeechReader { Reader() }

    package func readError(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError {
        VendorErrors.miniMax.read(status: status, body: body, parser: parser)
    }

    /// Reads events like whole answers, one part of the sound each.
    private struct Reader: SpeechReader {
        var usage: TokenUsage?
        var isDone = false
        private var splitter = SSESplitter()
        /// A second of sound has some 50 KiB of text.
        private static let maxEventBytes = 16 * 1024 * 1024

        mutating func feed(_ bytes: [UInt8], parser: JSONParser, into audio: inout [UInt8]) throws(UpstreamError) {
            splitter.append(bytes)
            while !isDone, let block = splitter.next() { try take(block, parser, &audio) }
            guard splitter.waiting <= Self.maxEventBytes else { throw MiniMaxSpeech.foreign }
        }

        mutating func end(parser: JSONParser, into audio: inout [UInt8]) throws(UpstreamError) {
            if !isDone, let block = splitter.rest() { try take(block, parser, &audio) }
        }

        private mutating func take(
            _ block: SSEBlock, _ parser: JSONParser, _ audio: inout [UInt8]
        ) throws(UpstreamError) {
            guard let payload = block.payload, let tree = try? parser.parse(splitter.bytes, in: payload) else { return }
            let part = try MiniMaxSpeech.part(tree)
            if let sound = part.audio { audio += sound }
            usage = part.usage ?? usage
            isDone = part.isLast
        }
    }

    private struct Part {
        var audio: [UInt8]?
        var usage: TokenUsage?
        var isLast: Bool
    }

    private static func part(_ tree: JSONValue) throws(UpstreamError) -> Part {
        if let error = VendorErrors.miniMax.hidden(in: tree) { throw error }
        var part = Part(isLast: tree["data"]?["status"]?.int == 2)
        if let text = tree["data"]?["audio"]?.string {
            guard let audio = Hex.decode(text) else { throw foreign }
            part.audio = audio
        }
        if let count = tree["extra_info"]?["usage_characters"]?.int, count > 0 {
            let count = min(count, 1_000_000_000_000)
            part.usage = TokenUsage(inputTokens: count, totalTokens: count)
        }
        return part
    }
}
