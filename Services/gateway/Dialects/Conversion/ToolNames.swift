/// Names of functions for vendors that do not take every one: letters, digits, `_` and some marks, first a letter or `_`, at most 64
/// (Google: contract providers §5.5; Cohere takes no marks).
struct ToolNames {
    private let marks: String
    private var sent: [String: String] = [:]
    /// The caller's names of those that had to be changed, by the sent name.
    private(set) var changed: [String: String] = [:]
    private var taken: Set<String> = []

    static let longest = 64

    /// Gives every name the one it is sent under; those that fit keep theirs.
    ///
    /// - Parameter marks: What is taken beside letters, digits and `_`.
    init(_ names: [String], marks: String = ".-") {
        self.marks = marks
        for name in names where fits(name) {
            sent[name] = name
            taken.insert(name)
        }
        for name in names where sent[name] == nil { add(name) }
    }

    /// What a function is sent as, also one that was not declared.
    mutating func name(_ name: String) -> String {
        if let known = sent[name] { return known }
        if fits(name), !taken.contains(name) {
            sent[name] = name
            taken.insert(name)
            return name
        }
        return add(name)
    }

    @discardableResult
    private mutating func add(_ name: String) -> String {
        var clean = String(
            decoding: name.unicodeScalars.map { scalar in
                isPlain(scalar) ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "_")
            }, as: UTF8.self)
        if clean.utf8.first.map({ !Self.isFirst($0) }) ?? true { clean = "_" + clean }
        clean = String(clean.prefix(Self.longest))
        var number = 2
        let stem = clean
        while taken.contains(clean) {
            let end = "_\(number)"
            clean = stem.prefix(Self.longest - end.count) + end
            number += 1
        }
        taken.insert(clean)
        sent[name] = clean
        changed[clean] = name
        return clean
    }

    private func fits(_ name: String) -> Bool {
        guard let first = name.utf8.first, Self.isFirst(first), name.utf8.count <= Self.longest else { return false }
        return name.unicodeScalars.allSatisfy(isPlain)
    }

    private static func isFirst(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: marks.unicodeScalars.contains(scalar)
        }
    }
}
