import Testing

/// What another module can see is explained where it stands: types, protocols, functions, subscripts and computed
/// properties. Stored properties and initialisers belong to their type's comment; one of their own says what the name
/// does not (units, order, bounds) and is left to the review, since "the status" above `status` helps nobody.
@Suite("House: documentation")
struct DocumentationTests {
    /// Requirements of the standard library's protocols: their meaning is known, a comment would repeat it.
    static let known: Set<String> = [
        "==", "<", "+", "hash", "description", "debugDescription", "customMirror", "rawValue", "init(rawValue",
        "init(stringLiteral",
        "init(integerLiteral", "init(floatLiteral", "init(booleanLiteral", "init(nilLiteral", "init(arrayLiteral",
        "init(dictionaryLiteral",
        "init(stringInterpolation", "init(literalCapacity", "appendLiteral", "init(from", "encode", "next", "enqueue",
        "asUnownedSerialExecutor", "asUnownedTaskExecutor", "checkIsolated", "isIsolatingCurrentContext",
        "unownedExecutor", "makeIterator",
        "StringInterpolation", "id", "allCases",
    ]

    /// Requirements of our own protocols are explained at the protocol.
    static let requirements: Set<String> = {
        var names: Set<String> = []
        for file in HouseTests.swift {
            var depth = 0
            for line in file.code {
                if depth == 0 && !isProtocol(line) { continue }
                if depth > 0, let name = declaredName(line) { names.insert(name) }
                depth += line.count { $0 == "{" } - line.count { $0 == "}" }
            }
        }
        return names
    }()

    @Test("what other modules can call has a comment, unless it is the requirement of a protocol")
    func comments() {
        #expect(Self.requirements.contains("shutdown"), "the requirements of our protocols were not found")
        for file in HouseTests.swift {
            let bare = file.code.enumerated().compactMap { number, line -> String? in
                guard Self.isForOthers(line), !Self.isField(line), !Self.isExplained(file, number),
                    let name = Self.declaredName(line)
                else { return nil }
                return Self.known.contains(name) || Self.requirements.contains(name)
                    ? nil : "\(name) (line \(number + 1))"
            }
            #expect(
                bare.isEmpty,
                "\(file.path) declares for other modules, without a `///` comment: \(bare.joined(separator: ", ")); the reader is elsewhere and needs to know what it promises"
            )
        }
    }

    private static func isProtocol(_ line: String) -> Bool {
        line.contains("protocol ") && line.contains(#/^\s*(?:package |private |fileprivate )?protocol /#)
    }

    /// Whether a line declares a stored property or an initialiser.
    private static func isField(_ line: String) -> Bool {
        if line.contains(#/\binit[?]?[(<]/#) { return true }
        guard line.contains(#/\b(?:let|var)\s/#), !line.contains(#/\bfunc\b/#) else { return false }
        // A brace after the type opens a computed property; after an equals sign it is part of the value.
        guard let brace = line.firstIndex(of: "{") else { return true }
        return line[..<brace].contains("=")
    }

    /// Whether a line declares something with `package` access; setters' access does not count.
    private static func isForOthers(_ line: String) -> Bool {
        line.contains("package ") && line.contains(#/^\s*(?:@\w+(?:\([^)]*\))?\s+)*package (?!import\b)/#)
    }

    /// Whether a `///` line stands above, attributes and compiler conditions in between do not count.
    private static func isExplained(_ file: SourceFile, _ line: Int) -> Bool {
        for above in file.lines[..<line].reversed() {
            let text = above.drop { $0 == " " }
            if text.hasPrefix("///") { return true }
            guard text.hasPrefix("@") || text.hasPrefix("// swift-format") else { return false }
        }
        return false
    }

    /// What a line declares: a name, or `init(firstLabel`.
    private static func declaredName(_ line: String) -> String? {
        let pattern =
            #/\b(?:func|var|let|class|struct|enum|protocol|actor|typealias|case)\s+(\w+|[^\w\s(]+)|\b(init)\b[?]?(?:<[^>]*>)?\(\s*(\w*)|\b(subscript)\b/#
        // `class` and `static` may precede `func` and `var`; the last keyword names the thing.
        guard
            let match = line.replacing(
                #/\b(static|class|final|mutating|nonisolated|override|indirect) (?=\w)/#, with: ""
            ).firstMatch(of: pattern)
                ?? line.firstMatch(of: pattern)
        else { return nil }
        if let name = match.1 { return String(name) }
        if match.2 != nil { return "init(\(match.3 ?? "")" }
        return "subscript"
    }
}
