package import InferenceModel

/// Finds the parts of a `multipart/form-data` body (RFC 7578, RFC 2046 §5.1) while its bytes arrive; nothing is copied but small values.
///
/// Bounds: 128 parts, 8 KiB of header fields each; values of more than 64 KiB have a place but no text.
package struct FormReader: Sendable {
    /// One part; its places count from the start of the body.
    package struct Part: Equatable, Sendable {
        package var name: String
        package var fileName: String?
        package var contentType: String?
        /// From the delimiter before the part to the delimiter after it; open ended until that was seen.
        package var whole: Range<Int>
        /// `nil` until the end of the value was seen.
        package var value: Range<Int>?
    }

    package private(set) var parts: [Part] = []
    /// Whether the closing delimiter was seen.
    package private(set) var isComplete = false

    /// CRLF, two hyphens, the boundary.
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// Everything before was looked at.
    private var place = 0

    private enum State: Equatable {
        case preamble, head, value, epilogue
    }

    private static let maxParts = 128
    private static let maxHead = 8 * 1024

    /// Makes a reader for a body.
    ///
    /// - Parameter contentType: The `Content-Type` of the request.
    /// - Throws: `InvalidRequest` when it is no form, or names no good boundary.
    package init(contentType: String?) throws(InvalidRequest) {
        let text = contentType ?? ""
        guard text.lowercased().hasPrefix("multipart/form-data") else {
            throw InvalidRequest(message: "the request body must be multipart/form-data", field: nil)
        }
        guard let boundary = FieldParameters.value(of: "boundary", in: text), (1...200).contains(boundary.utf8.count)
        else {
            throw InvalidRequest(message: "the Content-Type of the form names no boundary", field: nil)
        }
        delimiter = [13, 10, 45, 45] + Array(boundary.utf8)
    }

    /// Looks at what has arrived so far.
    ///
    /// - Parameter bytes: All bytes of the body up to now; each call gives the same beginning and more.
    /// - Throws: `InvalidRequest` for bytes that are no form.
    package mutating func read(_ bytes: [UInt8]) throws(InvalidRequest) {
        while true {
            switch state {
            case .preamble:
                guard let found = nextDelimiter(bytes, atStart: true) else { return }
                guard try open(bytes, after: found) else { return }
            case .head:
                guard let end = Self.find([13, 10, 13, 10], in: bytes, from: place) else {
                    guard bytes.count - place <= Self.maxHead else {
                        throw InvalidRequest(message: "a part of the form has too many header fields", field: nil)
                    }
                    return
                }
                guard end - place <= Self.maxHead else {
                    throw InvalidRequest(message: "a part of the form has too many header fields", field: nil)
                }
                try head(bytes[place..<end])
                place = end + 4
                parts[parts.count - 1].value = place..<place
                state = .value
            case .value:
                // A value may be empty: its delimiter then begins with the line end of the head.
                guard let found = nextDelimiter(bytes, atStart: false) else { return }
                let start = parts[parts.count - 1].value?.lowerBound ?? found
                parts[parts.count - 1].value = start..<max(start, found)
                parts[parts.count - 1].whole = parts[parts.count - 1].whole.lowerBound..<found
                guard try open(bytes, after: found) else {
                    parts[parts.count - 1].value = start..<start
                    return
                }
            case .epilogue:
                return
            }
        }
    }

    /// Whether the value of the last part is still arriving.
    package var isInsideValue: Bool { state == .value }

    /// The text of a field without a file; `nil` when there is none, or it is longer than 64 KiB.
    package func text(_ name: String, in bytes: [UInt8]) -> String? {
        for (position, part) in parts.enumerated() where part.name == name && part.fileName == nil {
            guard !(isInsideValue && position == parts.count - 1), let value = part.value, value.count <= 65_536 else {
                continue
            }
            return String(decoding: bytes[value], as: UTF8.self)
        }
        return nil
    }

    /// The place of the next delimiter's CRLF; at the start of a body the CRLF is missing.
    private mutating func nextDelimiter(_ bytes: [UInt8], atStart: Bool) -> Int? {
        if atStart, bytes.count >= delimiter.count - 2, bytes.starts(with: delimiter.dropFirst(2)) { return -2 }
        let from = max(0, place - (state == .value ? 2 : 0))
        guard let found = Self.find(delimiter, in: bytes, from: from) else {
            place = max(place, bytes.count - delimiter.count)
            return nil
        }
        return found
    }

    /// Goes behind a delimiter; false when too little has arrived to say what follows it.
    private mutating func open(_ bytes: [UInt8], after found: Int) throws(InvalidRequest) -> Bool {
        var end = found + delimiter.count
        if bytes.count >= end + 2, bytes[end] == 45, bytes[end + 1] == 45 {
            isComplete = true
            state = .epilogue
            return true
        }
        while end < bytes.count, bytes[end] == 32 || bytes[end] == 9 { end += 1 }
        guard bytes.count >= end + 2 else {
            place = max(0, found)
            return false
        }
        guard bytes[end] == 13, bytes[end + 1] == 10 else {
            throw InvalidRequest(message: "the form has a malformed delimiter", field: nil)
        }
        guard parts.count < Self.maxParts else {
            throw InvalidRequest(message: "the form has more than \(Self.maxParts) parts", field: nil)
        }
        parts.append(Part(name: "", whole: max(0, found)..<Int.max, value: nil))
        place = end + 2
        state = .head
        return true
    }

    /// Reads the header fields of the part that was opened last.
    private mutating func head(_ bytes: ArraySlice<UInt8>) throws(InvalidRequest) {
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else {
                throw InvalidRequest(message: "a part of the form has a malformed header field", field: nil)
            }
            let value = String(halves[1].drop { $0 == " " || $0 == "\t" })
            switch halves[0].lowercased() {
            case "content-disposition":
                parts[parts.count - 1].name = FieldParameters.value(of: "name", in: value) ?? ""
                parts[parts.count - 1].fileName = FieldParameters.value(of: "filename", in: value)
            case "content-type": parts[parts.count - 1].contentType = value
            default: break
            }
        }
    }

    /// The first place of some bytes at or behind `from`.
    static func find(_ wanted: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        guard bytes.count >= wanted.count, let first = wanted.first else { return nil }
        let span = bytes.span
        var place = from
        let last = bytes.count - wanted.count
        while place <= last {
            if span[place] == first {
                var length = 1
                while length < wanted.count, span[place + length] == wanted[length] { length += 1 }
                if length == wanted.count { return place }
            }
            place &+= 1
        }
        return nil
    }
}

/// Parameters of header fields: `; name=value` and `; name="quoted"` (RFC 9110 §5.6.6).
enum FieldParameters {
    /// The value of the parameter with this name, without its quotes; `nil` when there is none.
    static func value(of name: String, in field: String) -> String? {
        var rest = Substring(field)
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(where: { $0 == "=" || $0 == ";" }), rest[equals] == "=" else { continue }
            let key = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            let value: String
            if rest.first == "\"" {
                (value, rest) = quoted(rest.dropFirst())
            } else {
                let end = rest.firstIndex(of: ";") ?? rest.endIndex
                value = String(rest[..<end].reversed().drop { $0 == " " }.reversed())
                rest = rest[end...]
            }
            if key == name { return value }
        }
        return nil
    }

    /// The inside of a quoted string, and what follows it. A backslash takes the next quote or backslash as it is; browsers write it before nothing else.
    private static func quoted(_ text: Substring) -> (String, Substring) {
        var value = ""
        var place = text.startIndex
        while place < text.endIndex, text[place] != "\"" {
            let next = text.index(after: place)
            if text[place] == "\\", next < text.endIndex, text[next] == "\"" || text[next] == "\\" {
                value.append(text[next])
                place = text.index(after: next)
            } else {
                value.append(text[place])
                place = next
            }
        }
        return (value, place < text.endIndex ? text[text.index(after: place)...] : "")
    }
}
