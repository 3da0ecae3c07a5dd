/// The target of a request: path and query, kept as the bytes the client sent.
///
/// Strings are made only when asked for. The parser has already checked every byte and every escape of the path, so reading never fails.
package struct RequestTarget: Sendable {
    private let storage: [UInt8]
    private let whole: Range<Int>
    private let path: Range<Int>
    private let queryStart: Int?

    /// A target whose parts were found and checked by `TargetScan`.
    init(in storage: [UInt8], whole: Range<Int>, path: Range<Int>, queryStart: Int?) {
        self.storage = storage
        self.whole = whole
        self.path = path
        self.queryStart = queryStart
    }

    /// Parses a target in origin form (`/path?query`) or absolute form (`http://host/path?query`).
    ///
    /// - Throws: the reason why a server must refuse it.
    package init(_ raw: String) throws(RequestFault) {
        let bytes = Array(raw.utf8)
        let scan = try TargetScan(bytes.span, 0..<bytes.count, method: .get)
        self.init(in: bytes, whole: 0..<bytes.count, path: scan.path, queryStart: scan.queryStart)
    }

    /// The target exactly as it was sent.
    package var raw: String { text(whole) }

    /// The path, still escaped; several leading slashes count as one. Starts with `/`, or is `*`.
    package var rawPath: String { text(path) }

    /// What follows the first `?`, still escaped; `nil` without a `?`.
    package var rawQuery: String? { queryStart.map { text($0..<whole.upperBound) } }

    /// The segments of the path, each decoded on its own (so `%2F` stays inside its segment); empty ones are left out.
    package var segments: [String] {
        var found: [String] = []
        forEachSegment { found.append(PercentDecoding.text($0, plusIsSpace: false)) }
        return found
    }

    /// The first query value of this name, decoded, `+` read as a space; `""` for a name without `=`.
    package func query(_ name: String) -> String? {
        for (key, value) in queryItems() where key == name { return value }
        return nil
    }

    /// All query values of this name, in order.
    package func queryAll(_ name: String) -> [String] {
        queryItems().filter { $0.name == name }.map { $0.value }
    }

    /// All query names and values, decoded, in order; escapes that are not valid stay as they are.
    package func queryItems() -> [(name: String, value: String)] {
        guard let queryStart else { return [] }
        let bytes = storage.span.extracting(queryStart..<whole.upperBound)
        var items: [(name: String, value: String)] = []
        var start = 0
        while start <= bytes.count {
            let end = bytes.firstPlace(of: 0x26, from: start) ?? bytes.count
            if end > start {
                let pair = bytes.extracting(start..<end)
                let equals = pair.firstPlace(of: 0x3D, from: 0) ?? pair.count
                let name = PercentDecoding.text(pair.extracting(0..<equals), plusIsSpace: true)
                let value = pair.extracting(min(equals + 1, pair.count)..<pair.count)
                items.append((name, PercentDecoding.text(value, plusIsSpace: true)))
            }
            start = end + 1
        }
        return items
    }

    /// Calls `body` with the bytes of each non-empty segment of the path, still escaped; makes no string.
    package func forEachSegment<Failure>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        let bytes = storage.span.extracting(path)
        var start = 0
        while start < bytes.count {
            let end = bytes.firstPlace(of: 0x2F, from: start) ?? bytes.count
            if end > start { try body(bytes.extracting(start..<end)) }
            start = end + 1
        }
    }

    /// The first non-empty segment at or after `start` (a place in the path, 0 at first) and the place behind it; `nil` at the end.
    ///
    /// For matching without an array of segments: the bytes of the range are read with `withPath`.
    package func nextSegment(from start: Int) -> Range<Int>? {
        let bytes = storage.span.extracting(path)
        var place = start
        while place < bytes.count, bytes[place] == 0x2F { place += 1 }
        guard place < bytes.count else { return nil }
        return place..<(bytes.firstPlace(of: 0x2F, from: place) ?? bytes.count)
    }

    /// Calls `body` with the bytes of the path, still escaped.
    package func withPath<Result, Failure>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(storage.span.extracting(path))
    }

    private func text(_ range: Range<Int>) -> String { storage.span.extracting(range).text }
}

extension RequestTarget: Equatable, CustomStringConvertible {
    /// Whether both were sent as the same bytes.
    package static func == (left: Self, right: Self) -> Bool { left.storage[left.whole] == right.storage[right.whole] }

    /// The target as it was sent.
    package var description: String { raw }
}

/// Decoding of percent escapes.
package enum PercentDecoding {
    /// The decoded text; an escape that is not valid stays as it is, invalid UTF-8 is repaired.
    package static func text(_ bytes: Span<UInt8>, plusIsSpace: Bool) -> String {
        var isPlain = true
        for place in bytes.indices where bytes[place] == Octet.percent || (plusIsSpace && bytes[place] == 0x2B) {
            isPlain = false
            break
        }
        if isPlain { return bytes.text }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == Octet.percent, place + 2 < bytes.count, let high = Octet.hexValue(bytes[place + 1]),
                let low = Octet.hexValue(bytes[place + 2])
            {
                decoded.append(high << 4 | low)
                place += 3
            } else {
                decoded.append(plusIsSpace && byte == 0x2B ? Octet.space : byte)
                place += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}

/// Finds and checks the parts of a request target.
///
/// Refused with 400: characters that cannot stand in a target, malformed escapes and a decoded NUL, a backslash in the path, and the segments `.` and
/// `..` (also escaped). A client resolves those before it sends; a proxy or library behind us would resolve them after our routing has decided.
struct TargetScan {
    let path: Range<Int>
    let queryStart: Int?

    init(_ bytes: Span<UInt8>, _ target: Range<Int>, method: HTTPMethod) throws(RequestFault) {
        guard !target.isEmpty else { throw .malformed("the request target is empty") }
        for place in target where !Octet.isTarget(bytes[place]) {
            throw .malformed("the request target has a character that is not allowed")
        }
        if method == .connect { throw .notImplemented("CONNECT is not supported") }
        if target.count == 1, bytes[target.lowerBound] == 0x2A {
            guard method == .options else { throw .malformed("the target * is only for OPTIONS") }
            path = target
            queryStart = nil
            return
        }
        var start = try Self.pathStart(bytes, target)
        let question = bytes.firstPlace(of: 0x3F, from: start).flatMap { $0 < target.upperBound ? $0 : nil }
        let end = question ?? target.upperBound
        if start == end {
            // `http://host` and `http://host?query` mean the path `/`: the slash before the authority stands for it.
            let slash = target.lowerBound + (bytes[target.lowerBound + 4] == Octet.colon ? 6 : 7)
            path = slash..<slash + 1
        } else {
            while start + 1 < end, bytes[start + 1] == 0x2F { start += 1 }
            try Self.checkPath(bytes, start..<end)
            path = start..<end
        }
        queryStart = question.map { $0 + 1 }
        if let queryStart { try Self.checkQuery(bytes, queryStart..<target.upperBound) }
    }

    /// Where the path begins; the scheme and authority of the absolute form are stepped over.
    private static func pathStart(_ bytes: Span<UInt8>, _ target: Range<Int>) throws(RequestFault) -> Int {
        if bytes[target.lowerBound] == 0x2F { return target.lowerBound }
        let text = bytes.extracting(target)
        let authority: Int
        if text.count > 7, text.extracting(0..<7).equalsIgnoringCase("http://") {
            authority = target.lowerBound + 7
        } else if text.count > 8, text.extracting(0..<8).equalsIgnoringCase("https://") {
            authority = target.lowerBound + 8
        } else {
            throw .malformed("the request target is neither a path nor an absolute URL")
        }
        var place = authority
        while place < target.upperBound, bytes[place] != 0x2F, bytes[place] != 0x3F {
            guard Octet.isHost(bytes[place]) else {
                throw .malformed("the authority of the request target is malformed")
            }
            place += 1
        }
        guard place > authority else { throw .malformed("the authority of the request target is empty") }
        return place
    }

    private static func checkPath(_ bytes: Span<UInt8>, _ path: Range<Int>) throws(RequestFault) {
        var dots = 0
        var others = 0
        var place = path.lowerBound
        while place < path.upperBound {
            var byte = bytes[place]
            place += 1
            if byte == 0x2F {
                if others == 0, dots == 1 || dots == 2 { throw .malformed("the path has a dot segment") }
                dots = 0
                others = 0
                continue
            }
            if byte == 0x5C { throw .malformed("the path has a backslash") }
            if byte == Octet.percent {
                guard let decoded = escape(bytes, place, path.upperBound) else {
                    throw .malformed("the path has an invalid percent escape")
                }
                guard decoded != 0 else { throw .malformed("the path has an escaped NUL") }
                byte = decoded
                place += 2
            }
            if byte == 0x2E { dots += 1 } else { others += 1 }
        }
        if others == 0, dots == 1 || dots == 2 { throw .malformed("the path has a dot segment") }
    }

    /// A query is read leniently (`100%` is a search that people type), but an escaped NUL is refused: no text column takes one.
    private static func checkQuery(_ bytes: Span<UInt8>, _ query: Range<Int>) throws(RequestFault) {
        for place in query where bytes[place] == Octet.percent {
            if escape(bytes, place + 1, query.upperBound) == 0 { throw .malformed("the query has an escaped NUL") }
        }
    }

    private static func escape(_ bytes: Span<UInt8>, _ place: Int, _ end: Int) -> UInt8? {
        guard place + 1 < end, let high = Octet.hexValue(bytes[place]), let low = Octet.hexValue(bytes[place + 1])
        else {
            return nil
        }
        return high << 4 | low
    }
}
