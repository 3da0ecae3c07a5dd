/// Names of functions as an upstream takes them; those that it does not take are sent under others, and told to the caller as they were.
package struct ToolNames {
    /// Which names a protocol takes: letters, digits, and what is said here.
    package struct Rule: Equatable, Sendable {
        let more: Set<Unicode.Scalar>
        /// Whether a name begins with a letter or `_`.
        let startsPlain: Bool

        /// OpenAI's, which Anthropic shares.
        package static let openAI = Rule(more: ["_", "-"], startsPlain: false)
        /// Google's (contract providers §5.5).
        package static let gemini = Rule(more: ["_", ".", "-"], startsPlain: true)
        package static let cohere = Rule(more: ["_"], startsPlain: true)
    }

    private let rule: Rule
    private var sent: [String: String] = [:]
    /// The caller's names of those that had to be changed, by the sent name.
    private(set) var changed: [String: String] = [:]
    private var taken: Set<String> = []
    /// The number that the next name of a stem is tried with, so that many names of one stem are not counted through anew for each.
    private var numbers: [String: Int] = [:]

    static let longest = 64

    /// Gives every name the one it is sent under; those that fit keep theirs.
    init(_ names: [String], _ rule: Rule) {
        self.rule = rule
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
        if clean.utf8.first.map({ !isFirst($0) }) ?? true { clean = "_" + clean }
        clean = String(clean.prefix(Self.longest))
        let stem = clean
        var number = numbers[stem] ?? 2
        while taken.contains(clean) {
            let end = "_\(number)"
            clean = stem.prefix(Self.longest - end.count) + end
            number += 1
        }
        numbers[stem] = number
        taken.insert(clean)
        sent[name] = clean
        changed[clean] = name
        return clean
    }

    private func fits(_ name: String) -> Bool {
        guard let first = name.utf8.first, isFirst(first), name.utf8.count <= Self.longest else { return false }
        return name.unicodeScalars.allSatisfy(isPlain)
    }

    private func isFirst(_ byte: UInt8) -> Bool {
        !rule.startsPlain || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: rule.more.contains(scalar)
        }
    }
}
