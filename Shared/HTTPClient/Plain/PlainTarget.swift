import HTTPCore

/// Where a plain `http://` URL leads and how it is asked for. Pure.
///
/// Only what is beyond doubt is taken: a name or address of plain characters, an optional port, an ASCII target. Every other URL (credentials, other
/// schemes, odd characters) is left to libcurl.
struct PlainTarget: Equatable, Sendable {
    /// A name, or an address without brackets.
    var host: String
    var port: UInt16
    /// What follows the method in the request line, up to the end of the line.
    var requestLineEnd: [UInt8]
    /// The `Host` field with its line end.
    var hostField: [UInt8]

    /// Answers `nil` for a URL that is not ours.
    init?(_ url: String) {
        var url = url
        guard let parsed = url.withUTF8({ Self.parse(unsafe $0.span) }) else { return nil }
        self = parsed
    }

    private init(host: String, port: UInt16, target: Span<UInt8>, authority: Span<UInt8>) {
        self.host = host
        self.port = port
        var line: [UInt8] = [0x20]
        if target.isEmpty || target[0] != 0x2F { line.append(0x2F) }
        line.append(target)
        line.append(contentsOf: " HTTP/1.1\r\n".utf8)
        requestLineEnd = line
        var field = Array("Host: ".utf8)
        field.append(authority)
        field.append(contentsOf: [0x0D, 0x0A])
        hostField = field
    }

    private static func parse(_ url: Span<UInt8>) -> PlainTarget? {
        guard url.hasPrefixIgnoringCase("http://") else { return nil }
        var end = 7
        while end < url.count, url[end] != 0x2F, url[end] != 0x3F, url[end] != 0x23 { end += 1 }
        let authority = url.extracting(7..<end)
        let stop = url.firstIndex(of: 0x23, from: end) ?? url.count
        let target = url.extracting(end..<stop)
        for place in target.indices where target[place] <= 0x20 || target[place] >= 0x7F { return nil }
        guard let (name, digits) = split(authority), !name.isEmpty, let port = port(authority.extracting(digits)) else {
            return nil
        }
        let host = authority.extracting(name)
        let isColonBare = digits.isEmpty && authority[authority.count - 1] == 0x3A
        let field = authority.extracting(0..<authority.count - (isColonBare ? 1 : 0))
        return PlainTarget(host: text(host), port: port, target: target, authority: field)
    }

    /// The ranges of the host, without brackets, and of the port's digits.
    private static func split(_ authority: Span<UInt8>) -> (host: Range<Int>, port: Range<Int>)? {
        guard authority.count > 0 else { return nil }
        if authority[0] == 0x5B {
            guard let close = authority.firstIndex(of: 0x5D) else { return nil }
            for place in 1..<close where !isAddressByte(authority[place]) { return nil }
            if close + 1 == authority.count { return (1..<close, authority.count..<authority.count) }
            guard authority[close + 1] == 0x3A else { return nil }
            return (1..<close, close + 2..<authority.count)
        }
        let colon = authority.firstIndex(of: 0x3A) ?? authority.count
        for place in 0..<colon where !isNameByte(authority[place]) { return nil }
        return (0..<colon, min(colon + 1, authority.count)..<authority.count)
    }

    private static func port(_ digits: Span<UInt8>) -> UInt16? {
        guard digits.count > 0 else { return 80 }
        guard digits.count <= 5 else { return nil }
        var value = 0
        for place in digits.indices {
            guard digits[place] &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(digits[place] - 0x30)
        }
        return value == 0 ? nil : UInt16(exactly: value)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 || byte == 0x3A || byte == 0x2E
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
