/// Tells the media type from the first bytes of a file, by the signatures of the WHATWG's MIME Sniffing standard and a few that models take beyond it. Pure.
package enum MediaSniffer {
    /// The type; `nil` when no signature fits.
    package static func type(of bytes: [UInt8]) -> String? {
        for (signature, type) in starts where bytes.starts(with: signature) { return type }
        guard bytes.count >= 12 else { return nil }
        let kind = text(bytes, 8..<12)
        if text(bytes, 0..<4) == "RIFF" {
            switch kind {
            case "WEBP": return "image/webp"
            case "WAVE": return "audio/wav"
            case "AVI ": return "video/avi"
            default: return nil
            }
        }
        if text(bytes, 4..<8) == "ftyp" { return brand(kind) }
        // An MPEG audio frame without tags: eleven bits of one, a layer, a rate that exists.
        if bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0, bytes[1] & 0x06 != 0, bytes[2] & 0xF0 != 0xF0 {
            return "audio/mpeg"
        }
        if bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0 { return "audio/aac" }
        return nil
    }

    private static let starts: [([UInt8], String)] = [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        (Array("GIF87a".utf8), "image/gif"),
        (Array("GIF89a".utf8), "image/gif"),
        (Array("BM".utf8), "image/bmp"),
        ([0x49, 0x49, 0x2A, 0x00], "image/tiff"),
        ([0x4D, 0x4D, 0x00, 0x2A], "image/tiff"),
        (Array("%PDF-".utf8), "application/pdf"),
        (Array("ID3".utf8), "audio/mpeg"),
        (Array("fLaC".utf8), "audio/flac"),
        (Array("OggS\u{0}".utf8), "audio/ogg"),
        ([0x1A, 0x45, 0xDF, 0xA3], "video/webm"),
    ]

    /// The major brand of an ISO base media file.
    private static func brand(_ brand: String) -> String {
        switch brand {
        case "heic", "heix", "heim", "heis": "image/heic"
        case "mif1", "msf1": "image/heif"
        case "avif", "avis": "image/avif"
        case "M4A ", "M4B ": "audio/mp4"
        case "qt  ": "video/quicktime"
        default: "video/mp4"
        }
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
