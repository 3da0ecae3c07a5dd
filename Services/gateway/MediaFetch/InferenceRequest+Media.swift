package import InferenceModel

extension InferenceRequest {
    /// The media of these kinds that the conversation names by a web address, also inside results of tools.
    package func named(_ kinds: Set<Media.Kind>) -> [Media] {
        guard !kinds.isEmpty else { return [] }
        var found: [Media] = []
        for turn in turns { Self.collect(turn.parts, kinds, into: &found) }
        return found
    }

    /// Puts bytes in the place of addresses.
    ///
    /// - Parameters:
    ///   - kinds: As for `named`.
    ///   - bytes: The bytes in base64 and their type for an address; `nil` leaves the address.
    package mutating func inline(_ kinds: Set<Media.Kind>, _ bytes: (String) -> (base64: String, type: String)?) {
        for place in turns.indices { Self.inline(&turns[place].parts, kinds, bytes) }
    }

    private static func address(_ media: Media, _ kinds: Set<Media.Kind>) -> String? {
        guard kinds.contains(media.kind), case .url(let address) = media.source, MediaAddress.isWeb(address) else {
            return nil
        }
        return address
    }

    private static func collect(_ parts: [Part], _ kinds: Set<Media.Kind>, into found: inout [Media]) {
        for part in parts {
            switch part {
            case .media(let media): if address(media, kinds) != nil { found.append(media) }
            case .toolResult(let result): collect(result.parts, kinds, into: &found)
            case .text, .thinking, .toolCall, .refusal: break
            }
        }
    }

    private static func inline(
        _ parts: inout [Part], _ kinds: Set<Media.Kind>, _ bytes: (String) -> (base64: String, type: String)?
    ) {
        for place in parts.indices {
            switch parts[place] {
            case .media(var media):
                guard let address = address(media, kinds), let (base64, type) = bytes(address) else { continue }
                media.source = .base64(base64)
                media.mediaType = type
                parts[place] = .media(media)
            case .toolResult(var result):
                inline(&result.parts, kinds, bytes)
                parts[place] = .toolResult(result)
            case .text, .thinking, .toolCall, .refusal: break
            }
        }
    }
}
