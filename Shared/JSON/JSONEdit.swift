/// Edits of one object's text that leave every other byte as it is.
///
/// Where a key is given twice an edit applies to each occurrence, so that no reader, whichever it believes, sees the old
/// value. Edits are collected and made by ``apply()`` in one pass with one allocation.
package struct JSONEdit: Sendable {
    private let index: JSONObjectIndex
    /// One for each key; an edit has few, so that looking through them costs less than hashing every key of the text.
    private var changes: [(key: String, change: Change)] = []
    private var additions: [(key: String, raw: [UInt8])] = []

    private enum Change {
        case replace([UInt8])
        case remove
    }

    /// Edits of an object in its text.
    package init(_ bytes: [UInt8], index: JSONObjectIndex) {
        assert(bytes.count == index.bytes.count, "the index is of another text")
        self.index = index
    }

    /// Edits of the object of an index.
    package init(_ index: JSONObjectIndex) {
        self.index = index
    }

    /// Whether any edit was asked for that changes the text.
    package var isEmpty: Bool { changes.isEmpty && additions.isEmpty }

    /// Replaces the value of a key; does nothing when there is no such key.
    package mutating func replace(_ key: String, raw: [UInt8]) {
        if let place = additions.firstIndex(where: { $0.key == key }) {
            additions[place].raw = raw
        } else if index[key] != nil {
            if case .remove? = change(of: key) { return }
            note(key, .replace(raw))
        }
    }

    /// Replaces the value of a key, or appends the member when there is none.
    package mutating func set(_ key: String, raw: [UInt8]) {
        if index[key] != nil {
            note(key, .replace(raw))
        } else if let place = additions.firstIndex(where: { $0.key == key }) {
            additions[place].raw = raw
        } else {
            additions.append((key: key, raw: raw))
        }
    }

    /// Replaces the value of a key with a string, or appends the member.
    package mutating func set(_ key: String, string: String) {
        set(key, raw: JSONWriter.quoted(string))
    }

    /// Removes every member with this key.
    package mutating func remove(_ key: String) {
        if !additions.isEmpty { additions.removeAll { $0.key == key } }
        if index[key] != nil { note(key, .remove) }
    }

    private func change(of key: String) -> Change? {
        changes.first { $0.key == key }?.change
    }

    private mutating func note(_ key: String, _ change: Change) {
        if let place = changes.firstIndex(where: { $0.key == key }) {
            changes[place].change = change
        } else {
            changes.append((key, change))
        }
    }

    /// The text of the object with all edits made, from its opening to its closing brace.
    package func apply() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(capacity)
        var cursor = index.range.lowerBound
        var end = index.range.lowerBound + 1
        var hasSurvivor = false
        for (place, member) in index.members.enumerated() {
            switch change(of: member.key) {
            case nil:
                hasSurvivor = true
            case .replace(let raw):
                copy(cursor, member.range.lowerBound, to: &output)
                output.append(contentsOf: raw)
                cursor = member.range.upperBound
                hasSurvivor = true
            case .remove:
                // The comma that goes is the one before; while nothing stands before, it is the one behind.
                copy(cursor, hasSurvivor ? end : member.keyRange.lowerBound, to: &output)
                let isLast = place + 1 == index.members.count
                cursor =
                    hasSurvivor || isLast
                    ? member.range.upperBound : index.members[place + 1].keyRange.lowerBound
            }
            end = member.range.upperBound
        }
        copy(cursor, end, to: &output)
        cursor = max(cursor, end)
        for (key, raw) in additions {
            if hasSurvivor { output.append(UInt8(ascii: ",")) }
            hasSurvivor = true
            output.append(contentsOf: JSONWriter.quoted(key))
            output.append(UInt8(ascii: ":"))
            output.append(contentsOf: raw)
        }
        copy(cursor, index.range.upperBound, to: &output)
        return output
    }

    /// Never less than the result needs.
    private var capacity: Int {
        var total = index.range.count
        for (key, change) in changes {
            guard case .replace(let raw) = change else { continue }
            total += raw.count * index.members.count { $0.key == key }
        }
        for (key, raw) in additions { total += raw.count + key.utf8.count * 6 + 4 }
        return total
    }

    private func copy(_ start: Int, _ end: Int, to output: inout [UInt8]) {
        guard start < end else { return }
        output.append(contentsOf: index.bytes[start..<end])
    }
}
