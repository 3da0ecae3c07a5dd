import InferenceModel
import JSON

/// Writes media as parts of chat messages, in requests and in answers.
enum ChatMedia {
    /// Writes one part.
    ///
    /// - Parameter hasAudioURL: Whether sounds are sent as addresses (`audio_url`) and not as `input_audio`.
    static func write(_ media: Media, hasAudioURL: Bool = false, to writer: inout JSONWriter) {
        writer.object { part in
            switch (media.kind, media.source) {
            case (_, .file(let id)):
                part.field("type", "file")
                part.key("file")
                part.object { $0.field("file_id", id) }
            case (.image, _): write(media, as: "image_url", fallback: "image/png", to: &part)
            case (.video, _): write(media, as: "video_url", fallback: "video/mp4", to: &part)
            case (.audio, .base64(let data)) where !hasAudioURL:
                part.field("type", "input_audio")
                part.key("input_audio")
                part.object { audio in
                    audio.field("data", data)
                    audio.field("format", AudioFormat.name(media.mediaType))
                }
            case (.audio, _): write(media, as: "audio_url", fallback: "audio/wav", to: &part)
            case (.document, .base64(let data)):
                part.field("type", "file")
                part.key("file")
                part.object { file in
                    file.field("filename", media.fileName ?? "document.pdf")
                    let type = media.mediaType ?? "application/pdf"
                    file.field("file_data", DataURL.text(mediaType: type, base64: data))
                }
            case (.document, .url(let url)):
                part.field("type", "file")
                part.key("file")
                part.object { file in
                    file.field("filename", media.fileName)
                    file.field("file_url", url)
                }
            }
        }
    }

    private static func write(_ media: Media, as type: String, fallback: String, to part: inout JSONWriter) {
        part.field("type", type)
        part.key(type)
        part.object { member in
            switch media.source {
            case .url(let url): member.field("url", url)
            case .base64(let data):
                member.field("url", DataURL.text(mediaType: media.mediaType ?? fallback, base64: data))
            case .file: break
            }
            member.field("detail", media.detail)
        }
    }

    /// The text of a document that is text (`text/plain`, `text/markdown`, JSON, …); `nil` for others, and for bytes that are not UTF-8.
    static func text(of media: Media) -> String? {
        guard media.kind == .document, case .base64(let data) = media.source, let type = media.mediaType,
            type.hasPrefix("text/") || type.hasPrefix("application/json") || type.hasPrefix("application/xml"),
            let bytes = Base64Text.decoded(data)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
