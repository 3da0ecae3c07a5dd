package import JSON

/// What must hold of the JSON module, whatever the bytes.
package enum JSONChecks {
    private static let keys = JSONKeys("model", "messages", "usage", "stream")

    /// A text is read or refused as `ReferenceJSON` does it, whichever way it is read; what was read is written and read again; edits leave JSON.
    ///
    /// - Parameter number: Chooses the member that is edited.
    package static func check(_ bytes: [UInt8], _ number: Int, _ parser: JSONParser) throws {
        let expected = ReferenceJSON.parse(bytes)
        let tree = try? parser.parse(bytes)
        try Finding.expect(
            same(tree, expected), "\(bytes.text.debugDescription) is read as \(show(tree)), not \(show(expected))")
        let scan = try? parser.scan(bytes, for: keys)
        let index = try? parser.members(of: bytes)
        try Finding.expect((index != nil) == (expected?.object != nil), "the index disagrees about \(bytes.text)")
        try Finding.expect((scan != nil) == (expected?.object != nil), "the scan disagrees about \(bytes.text)")
        if let tree {
            try Finding.expect(same(try? parser.parse(tree.serialized()), tree), "\(bytes.text) is written otherwise")
        }
        guard let index, let scan, let object = expected?.object else { return }
        for (place, key) in ["model", "messages", "usage", "stream"].enumerated() {
            let value = scan[place].flatMap { ReferenceJSON.parse(Array(bytes[$0.range])) }
            try Finding.expect(same(value, object[key]), "the scan finds another \(key) in \(bytes.text)")
        }
        for member in index.members {
            try Finding.expect(
                ReferenceJSON.parse(Array(bytes[member.range])) != nil, "the member \(member.key) is no value")
        }
        try edit(bytes, index, number, parser)
    }

    private static func edit(_ bytes: [UInt8], _ index: JSONObjectIndex, _ number: Int, _ parser: JSONParser) throws {
        var edit = JSONEdit(bytes, index: index)
        let removed = index.members.isEmpty ? "x" : index.members[number % index.members.count].key
        edit.remove(removed)
        edit.set("added", string: "\u{0}\"🙂")
        guard case .object(let after)? = try? parser.parse(edit.apply()) else {
            throw Finding("an edit leaves no object of \(bytes.text)")
        }
        try Finding.expect(after["added"] == .string("\u{0}\"🙂"), "an edit is lost of \(bytes.text)")
        try Finding.expect(after[removed] == nil || removed == "added", "\(removed) is still in \(bytes.text)")
        for member in index.members where member.key != removed && member.key != "added" {
            try Finding.expect(after[member.key] != nil, "an edit took \(member.key) out of \(bytes.text)")
        }
    }

    /// Equality that looks at texts byte by byte; `==` of strings takes composed and decomposed letters for the same.
    private static func same(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.serialized() == right.serialized()
        default: false
        }
    }

    private static func show(_ value: JSONValue?) -> String { value.map { $0.serialized().text } ?? "nothing" }
}
