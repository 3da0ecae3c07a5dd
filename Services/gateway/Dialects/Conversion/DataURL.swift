package import InferenceModel

/// A `data:` address with its bytes in base64 (RFC 2397).
package struct DataURL: Equatable, Sendable {
    /// Such as `image/png`; `nil` when the address names none.
    package let mediaType: String?
    /// In the standard alphabet, padded.
    package let base64: String

    /// Whether a text claims to be such an address.
    package static func isData(_ text: String) -> Bool {
        text.utf8.count >= 5 && text.utf8.prefix(5).elementsEqual("data:".utf8, by: { $0 | 0x20 == $1 | 0x20 })
    }

    /// Reads an address; `nil` when it is no `data:` address in base64.
    package init?(_ text: String) {
        guard Self.isData(text), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = text[text.utf8.index(text.startIndex, offsetBy: 5)..<comma]
        let words = head.split(separator: ";", omittingEmptySubsequences: false)
        guard words.last?.lowercased() == "base64" else { return nil }
        guard let base64 = Base64Text.standard(String(text[text.utf8.index(after: comma)...])) else { return nil }
        let type = words.first.map { $0.lowercased() } ?? ""
        mediaType = type.isEmpty || type == "base64" ? nil : type
        self.base64 = base64
    }

    /// The address of bytes in base64.
    package static func text(mediaType: String, base64: String) -> String {
        "data:\(mediaType);base64,\(base64)"
    }
}

/// Base64 as text (RFC 4648 §4 and §5).
package enum Base64Text {
    /// The same bytes in the standard alphabet, padded; also takes the URL-safe alphabet, missing padding and line breaks. `nil` for what is no base64.
    package static func standard(_ text: String) -> String? {
        var isStandard = true
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                guard padding == 0 else { return nil }
                count += 1
            case UInt8(ascii: "-"), UInt8(ascii: "_"):
                guard padding == 0 else { return nil }
                count += 1
                isStandard = false
            case UInt8(ascii: "="): padding += 1
            case 9, 10, 13, 32: isStandard = false
            default: return nil
            }
        }
        guard count > 0, count % 4 != 1, padding == 0 || (count + padding) % 4 == 0, padding <= 2 else { return nil }
        if isStandard, (count + padding) % 4 == 0 { return text }
        var out: [UInt8] = []
        out.reserveCapacity(count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): out.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): out.append(UInt8(ascii: "/"))
            case UInt8(ascii: "="), 9, 10, 13, 32: break
            default: out.append(byte)
            }
        }
        while out.count % 4 != 0 { out.append(UInt8(ascii: "=")) }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes; `nil` for what is not in the standard alphabet.
    package static func decoded(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count / 4 * 3)
        var bits: UInt32 = 0
        var held = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="): continue
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return out
    }
}

extension Media.Kind {
    /// What bytes of a media type are; a document when nothing else fits.
    package init(mediaType: String) {
        if mediaType.hasPrefix("image/") {
            self = .image
        } else if mediaType.hasPrefix("audio/") {
            self = .audio
        } else {
            self = mediaType.hasPrefix("video/") ? .video : .document
        }
    }
}
