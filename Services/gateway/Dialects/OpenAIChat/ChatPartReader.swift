import InferenceModel
import JSON

/// Reads the content of chat messages, on either side: a text, or parts.
enum ChatPartReader {
    /// The parts of a message's `content`; empty texts are left out.
    ///
    /// - Parameter isOptional: Whether the content may be missing or `null`.
    static func content(of message: JSONObject, isOptional: Bool = false) throws(Malformed) -> [Part] {
        switch message["content"] {
        case nil, .null?:
            guard isOptional else { throw Malformed("content", "is missing") }
            return []
        case .string(let text)?:
            return text.isEmpty ? [] : [.text(text, cache: try cache(of: message))]
        case .array(let elements)?:
            var parts: [Part] = []
            parts.reserveCapacity(elements.count)
            for (place, element) in elements.enumerated() {
                do {
                    if let part = try part(element.requiredObject()) { parts.append(part) }
                } catch {
                    throw error.inside("content[\(place)]")
                }
            }
            return parts
        case let other?:
            throw Malformed("content", "must be a string or an array of parts, not \(other.kind.phrase)")
        }
    }

    /// One part; `nil` for an empty text.
    static func part(_ member: JSONObject) throws(Malformed) -> Part? {
        let type = try member.requiredText("type")
        switch type {
        case "text", "input_text", "output_text":
            guard let text = try member.text("text") else { throw Malformed("text", "is missing") }
            return text.isEmpty ? nil : .text(text, cache: try cache(of: member))
        case "refusal":
            let text = try member.text("refusal") ?? ""
            return text.isEmpty ? nil : .refusal(text)
        case "thinking", "reasoning":
            let text = thought(member)
            return text.isEmpty ? nil : .thinking(Thinking(text, signature: try member.text("signature")))
        case "image_url": return .media(try address(member, type, .image))
        case "video_url": return .media(try address(member, type, .video))
        case "audio_url": return .media(try address(member, type, .audio))
        case "input_audio":
            guard let audio = try member.members(type) else { throw Malformed(type, "is missing") }
            do {
                return .media(try sound(audio, cache: try cache(of: member)))
            } catch {
                throw error.inside(type)
            }
        case "file":
            guard let file = try member.members(type) else { throw Malformed(type, "is missing") }
            do {
                return .media(try self.file(file, cache: try cache(of: member)))
            } catch {
                throw error.inside(type)
            }
        default:
            throw Malformed(
                "type", "must be one of text, image_url, input_audio, audio_url, video_url, file, refusal")
        }
    }

    /// `cache_control` of a message, a part or a tool; anything but Anthropic's `ephemeral` means nothing.
    static func cache(of member: JSONObject) throws(Malformed) -> CacheMarker? {
        guard let control = try member.members("cache_control") else { return nil }
        guard control["type"]?.string == "ephemeral" else { return nil }
        return CacheMarker(ttl: control["ttl"]?.string)
    }

    /// Google's `extra_content.google.thought_signature` of a call or a message.
    static func thoughtSignature(of member: JSONObject) -> String? {
        member["extra_content"]?["google"]?["thought_signature"]?.string
    }

    /// The text of a part that holds a thought: Mistral gives a list of texts, others a text.
    private static func thought(_ member: JSONObject) -> String {
        for key in ["thinking", "reasoning", "text"] {
            if let text = member[key]?.string { return text }
            if let list = member[key]?.array { return list.compactMap { $0["text"]?.string }.joined() }
        }
        return ""
    }

    /// `{"url": …}`, or the address itself where a client left out the object.
    private static func address(_ member: JSONObject, _ key: String, _ kind: Media.Kind) throws(Malformed) -> Media {
        let url: String
        var detail: String?
        if let text = member[key]?.string {
            url = text
        } else {
            guard let object = try member.members(key) else { throw Malformed(key, "is missing") }
            do {
                url = try object.requiredText("url")
                detail = try object.text("detail")
            } catch {
                throw error.inside(key)
            }
        }
        guard let source = source(url) else {
            throw Malformed("\(key).url", "is neither an address nor data in base64")
        }
        return Media(
            kind, source.source, mediaType: source.mediaType, detail: detail, cache: try cache(of: member))
    }

    /// Where the bytes of an address are; `nil` for an empty one, and for data that is not base64.
    static func source(_ url: String) -> (source: Media.Source, mediaType: String?)? {
        guard !url.isEmpty else { return nil }
        guard DataURL.isData(url) else { return (.url(url), nil) }
        return DataURL(url).map { (.base64($0.base64), $0.mediaType) }
    }

    /// A sound as `input_audio` has it: base64, a data address, or the address that some clients put there.
    static func sound(_ audio: JSONObject, cache: CacheMarker? = nil) throws(Malformed) -> Media {
        let data = try audio.requiredText("data")
        let mediaType = try audio.text("format").map(AudioFormat.mediaType)
        if data.hasPrefix("http://") || data.hasPrefix("https://") {
            return Media(.audio, .url(data), mediaType: mediaType, cache: cache)
        }
        if let read = DataURL(data) {
            return Media(.audio, .base64(read.base64), mediaType: read.mediaType ?? mediaType, cache: cache)
        }
        guard let base64 = Base64Text.standard(data) else { throw Malformed("data", "is not base64") }
        return Media(.audio, .base64(base64), mediaType: mediaType, cache: cache)
    }

    private static func file(_ file: JSONObject, cache: CacheMarker?) throws(Malformed) -> Media {
        let name = try file.text("filename")
        if let id = try file.text("file_id") {
            return Media(.document, .file(id), fileName: name, cache: cache)
        }
        let address = try file.text("url")
        if let url = try file.text("file_url") ?? address, let source = source(url) {
            return Media(.document, source.source, mediaType: source.mediaType, fileName: name, cache: cache)
        }
        guard let data = try file.text("file_data") else {
            throw Malformed("file_data", "is missing, and there is no file_id either")
        }
        if let read = DataURL(data) {
            let kind = Media.Kind(mediaType: read.mediaType ?? "")
            return Media(kind, .base64(read.base64), mediaType: read.mediaType, fileName: name, cache: cache)
        }
        guard let base64 = Base64Text.standard(data) else { throw Malformed("file_data", "is not data in base64") }
        return Media(.document, .base64(base64), mediaType: "application/pdf", fileName: name, cache: cache)
    }
}

/// OpenAI's names of sound formats (`wav`, `mp3`) and their media types.
enum AudioFormat {
    static func mediaType(_ format: String) -> String {
        switch format.lowercased() {
        case "mp3", "mpeg": "audio/mpeg"
        case "pcm16", "pcm": "audio/pcm"
        case "m4a": "audio/mp4"
        case let other: "audio/\(other)"
        }
    }

    /// The name for a media type; `wav` when there is none.
    static func name(_ mediaType: String?) -> String {
        guard let mediaType, let slash = mediaType.firstIndex(of: "/") else { return "wav" }
        let base = mediaType[mediaType.index(after: slash)...].prefix { $0 != ";" }
        switch base {
        case "mpeg", "mp3", "mpga": return "mp3"
        case "wav", "x-wav", "wave", "vnd.wave": return "wav"
        case "pcm", "l16": return "pcm16"
        case "mp4", "x-m4a": return "m4a"
        case "x-flac": return "flac"
        default: return String(base)
        }
    }
}
