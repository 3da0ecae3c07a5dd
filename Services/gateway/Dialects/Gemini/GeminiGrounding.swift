import InferenceModel
import JSON

/// Reads a `groundingMetadata`: the pages that Google's search found, and the stretches of the text that they bear out (contract providers §5.6).
enum GeminiGrounding {
    /// Of a longer text, in bytes, no stretches are told.
    static let maxText = 256 * 1024
    private static let most = 256

    /// The citations of a candidate.
    ///
    /// - Parameter text: What it said without its thoughts, in UTF-8, in which Google counts.
    static func citations(_ metadata: JSONValue?, _ text: [UInt8]) -> [Citation] {
        guard let metadata, text.count <= maxText else { return [] }
        let pages = (metadata["groundingChunks"]?.array ?? []).map(page)
        guard pages.contains(where: { $0 != nil }) else { return [] }
        let places = scalars(text)
        var found: [Citation] = []
        for support in metadata["groundingSupports"]?.array ?? [] {
            guard let bytes = stretch(support["segment"], text) else { continue }
            for index in support["groundingChunkIndices"]?.array ?? [] {
                guard let number = index.int, pages.indices.contains(number), let page = pages[number] else { continue }
                guard found.count < most else { return found }
                let range = places[bytes.lowerBound]..<places[bytes.upperBound]
                found.append(Citation(url: page.url, title: page.title, range: range))
            }
        }
        return found
    }

    private static func page(_ chunk: JSONValue) -> (url: String, title: String)? {
        let source = chunk["web"] ?? chunk["maps"] ?? chunk["retrievedContext"]
        guard let url = source?["uri"]?.string, !url.isEmpty else { return nil }
        return (url, source?["title"]?.string ?? "")
    }

    /// The bytes of a segment, which must hold what it says it does.
    private static func stretch(_ segment: JSONValue?, _ text: [UInt8]) -> Range<Int>? {
        guard let segment, let end = segment["endIndex"]?.int else { return nil }
        let start = segment["startIndex"]?.int ?? 0
        guard start >= 0, start < end, end <= text.count else { return nil }
        if let words = segment["text"]?.string {
            guard text[start..<end].elementsEqual(words.utf8) else { return nil }
        }
        return start..<end
    }

    /// How many scalars begin before each byte of a text, and in all of it.
    private static func scalars(_ text: [UInt8]) -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(text.count + 1)
        var count = 0
        for byte in text {
            // A byte that goes on with a scalar has the place of the next one.
            places.append(count)
            if byte & 0xC0 != 0x80 { count += 1 }
        }
        places.append(count)
        return places
    }
}
