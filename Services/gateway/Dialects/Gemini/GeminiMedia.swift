import HTTPCore
import InferenceModel
import JSON

/// Media as parts: bytes as `inlineData`, addresses and ids as `fileData`.
enum GeminiMedia {
    /// Writes the members of a part.
    static func write(_ media: Media, _ json: inout JSONWriter) {
        let type = media.mediaType ?? defaultType(media.kind)
        switch media.source {
        case .base64(let data):
            json.key("inlineData")
            json.object { json in
                json.field("mimeType", type)
                json.field("data", data)
            }
        case .url(let address), .file(let address):
            json.key("fileData")
            json.object { json in
                json.field("mimeType", type)
                json.field("fileUri", address)
            }
        }
    }

    private static func defaultType(_ kind: Media.Kind) -> String {
        switch kind {
        case .image: "image/jpeg"
        case .audio: "audio/wav"
        case .video: "video/mp4"
        case .document: "application/pdf"
        }
    }
}

/// The fields of requests.
enum GeminiHeaders {
    static func request(isStream: Bool) -> HTTPHeaders {
        [
            "content-type": "application/json",
            "accept": isStream ? "text/event-stream, application/json" : "application/json",
        ]
    }
}
