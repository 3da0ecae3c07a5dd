import Glibc

/// One received request: the head as it came, and the body without its chunk framing.
struct MockRequest: Sendable {
    var method: String
    var target: String
    var head: [UInt8]
    var body: [UInt8]

    /// The path without the query.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The header lines as name and value, in order and in their own spelling.
    var headers: [(name: String, value: String)] {
        head.split(separator: 10).dropFirst().compactMap { line in
            let text = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
            guard let colon = text.firstIndex(of: ":") else { return nil }
            let value = text[text.index(after: colon)...]
            return (String(text[..<colon]), String(value.drop { $0 == " " }))
        }
    }

    /// Takes one whole request off the front of `input`, from `offset` on; `nil` while it is not complete.
    static func take(from input: [UInt8], at offset: inout Int) -> MockRequest? {
        guard let headEnd = find("\r\n\r\n", in: input, from: offset) else { return nil }
        let head = Array(input[offset..<(headEnd + 2)])
        let bodyStart = headEnd + 4
        let words = head.prefix { $0 != 13 }.split(separator: 32)
        var request = MockRequest(
            method: String(decoding: words.first ?? [], as: UTF8.self),
            target: String(decoding: words.dropFirst().first ?? [], as: UTF8.self), head: head, body: [])
        if value(of: "transfer-encoding", in: head) != nil {
            // Nobody pipelines to a provider, so the end of the input is the end of the body.
            guard input.suffix(5).elementsEqual("0\r\n\r\n".utf8), let (body, end) = dechunk(input, from: bodyStart)
            else { return nil }
            request.body = body
            offset = end
            return request
        }
        let length = value(of: "content-length", in: head).flatMap { Int($0) } ?? 0
        guard input.count - bodyStart >= length else { return nil }
        request.body = Array(input[bodyStart..<(bodyStart + length)])
        offset = bodyStart + length
        return request
    }

    /// Where `needle`, which begins with CR, is found from `offset` on.
    private static func find(_ needle: StaticString, in bytes: [UInt8], from offset: Int) -> Int? {
        let size = needle.utf8CodeUnitCount
        var place = offset
        while place + size <= bytes.count {
            let hit = unsafe bytes.withUnsafeBytes { buffer -> Int? in
                guard let base = buffer.baseAddress, let hit = unsafe memchr(base + place, 13, buffer.count - place)
                else { return nil }
                return unsafe UnsafeRawPointer(hit) - base
            }
            guard let hit, hit + size <= bytes.count else { return nil }
            if needle.withUTF8Buffer({ unsafe bytes[hit..<(hit + size)].elementsEqual($0) }) { return hit }
            place = hit + 1
        }
        return nil
    }

    /// The value of the first header with this (lower case) name.
    private static func value(of name: String, in head: [UInt8]) -> String? {
        let wanted = Array(name.utf8)
        var line = 0
        while line < head.count {
            let end = head[line...].firstIndex(of: 10) ?? head.count
            if end - line > wanted.count, head[line + wanted.count] == UInt8(ascii: ":"),
                wanted.indices.allSatisfy({ head[line + $0] | 0x20 == wanted[$0] })
            {
                let text = head[(line + wanted.count + 1)..<end].filter { $0 > 32 }
                return String(decoding: text, as: UTF8.self)
            }
            line = end + 1
        }
        return nil
    }

    private static func dechunk(_ input: [UInt8], from start: Int) -> (body: [UInt8], end: Int)? {
        var body: [UInt8] = []
        var place = start
        while let lineEnd = find("\r\n", in: input, from: place) {
            let size =
                Int(String(decoding: input[place..<lineEnd].prefix { $0 != 59 && $0 != 32 }, as: UTF8.self), radix: 16)
                ?? 0
            place = lineEnd + 2
            if size == 0 {
                guard let end = find("\r\n", in: input, from: place) else { return nil }
                return (body, end + 2)
            }
            guard input.count >= place + size + 2 else { return nil }
            body.append(contentsOf: input[place..<(place + size)])
            place += size + 2
        }
        return nil
    }
}
