/// A `multipart/form-data` body taken apart, strictly: what a vendor would refuse is no form.
struct FormParts {
    struct Part {
        var name: String
        var fileName: String?
        var contentType: String?
        var value: ArraySlice<UInt8>
    }

    let parts: [Part]

    /// `nil` when the body is no complete form of its boundary.
    init?(_ request: MockRequest) {
        guard let type = request.headers.first(where: { $0.name.lowercased() == "content-type" })?.value,
            type.lowercased().hasPrefix("multipart/form-data"), let mark = type.range(of: "boundary=")
        else { return nil }
        let boundary = type[mark.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        let body = Array("\r\n".utf8) + request.body
        var parts: [Part] = []
        guard var place = Self.find(delimiter, in: body, from: 0), place == 0 else { return nil }
        while true {
            let start = place + delimiter.count
            if body[start...].starts(with: "--".utf8) {
                self.parts = parts
                return
            }
            guard body[start...].starts(with: "\r\n".utf8),
                let headEnd = Self.find(Array("\r\n\r\n".utf8), in: body, from: start),
                let end = Self.find(delimiter, in: body, from: headEnd + 2),
                let part = Self.part(head: body[(start + 2)..<headEnd], value: body[min(headEnd + 4, end)..<end])
            else { return nil }
            parts.append(part)
            place = end
        }
    }

    /// The first value of a field.
    func text(_ name: String) -> String? {
        parts.first { $0.name == name && $0.fileName == nil }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// The files of a field, also under its name with brackets.
    func files(_ name: String) -> [Part] {
        parts.filter { ($0.name == name || $0.name == name + "[]") && $0.fileName != nil }
    }

    private static func part(head: ArraySlice<UInt8>, value: ArraySlice<UInt8>) -> Part? {
        var part = Part(name: "", value: value)
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let content = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-disposition":
                part.name = quoted("name", content) ?? ""
                part.fileName = quoted("filename", content)
            case "content-type": part.contentType = String(content)
            default: break
            }
        }
        return part.name.isEmpty ? nil : part
    }

    private static func quoted(_ key: String, _ field: Substring) -> String? {
        guard let mark = String(field).range(of: "; \(key)=\"") else { return nil }
        return String(String(field)[mark.upperBound...].prefix { $0 != "\"" })
    }

    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        var place = from
        while place + wanted.count <= bytes.count {
            if bytes[place] == wanted[0], bytes[place..<(place + wanted.count)].elementsEqual(wanted) { return place }
            place += 1
        }
        return nil
    }
}

extension String {
    /// Where a text stands in another; the module has no Foundation.
    fileprivate func range(of wanted: String) -> Range<String.Index>? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(wanted) { return place..<index(place, offsetBy: wanted.count) }
            place = index(after: place)
        }
        return nil
    }
}
