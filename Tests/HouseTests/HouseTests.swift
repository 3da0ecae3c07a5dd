import Testing

/// The rules of the house that the compiler does not keep. Each message says why the rule is there.
@Suite("House")
struct HouseTests {
    static let rows = ManifestRows.read(SourceTree.manifest())
    static let swift = SourceTree.files(["swift"])

    // MARK: The dependency table

    /// Modules of the toolchain that any target may import.
    static let system: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials", "Swift"]

    @Test("the manifest's rows are read, all of them")
    func rowsAreRead() {
        #expect(Self.rows.count >= 30)
        for name in ["CLinux", "CSimdJSON", "JSON", "ServiceKit", "Relay", "gateway"] {
            #expect(Self.rows.contains { $0.name == name }, "row \(name) was not found; has the manifest another form?")
        }
        for file in Self.swift {
            #expect(Self.rows.contains { file.path.hasPrefix("\($0.folder)/") }, "\(file.path) belongs to no row")
        }
    }

    @Test("a row names only rows above it")
    func order() {
        for (place, row) in Self.rows.enumerated() {
            let above = Set(Self.rows[..<place].map(\.name))
            let wrong = row.needs.subtracting(above)
            #expect(
                wrong.isEmpty,
                "\(row.name) needs \(wrong.sorted()), which do not stand above it: the table is the layering of the house"
            )
        }
    }

    @Test("a target imports exactly what its row names")
    func imports() {
        for row in Self.rows {
            var imported: Set<String> = []
            for file in Self.swift where file.path.hasPrefix("\(row.folder)/") {
                for module in Self.importedModules(file) {
                    imported.insert(module)
                    #expect(
                        row.needs.contains(module) || Self.system.contains(module),
                        "\(file.path) imports \(module), which the row of \(row.name) does not name: SwiftPM lets it pass through other targets, the table does not"
                    )
                }
            }
            // A target whose files hold nothing yet has no needs either.
            if imported.isEmpty { continue }
            let unused = row.needs.subtracting(imported)
            #expect(
                unused.isEmpty,
                "\(row.name) names \(unused.sorted()) and imports none of it: a row must tell what the target needs")
        }
    }

    @Test("the gateway's targets reach no database")
    func gatewayHasNoDatabase() {
        let byName = Dictionary(Self.rows.map { ($0.name, $0.needs) }) { first, _ in first }
        var reached: Set<String> = []
        var waiting = ["gateway"]
        while let name = waiting.popLast() {
            guard reached.insert(name).inserted else { continue }
            waiting += byName[name] ?? []
        }
        #expect(
            reached.isDisjoint(with: ["CLibPQ", "Postgres", "Migrations"]),
            "the gateway must start and run without PostgreSQL")
    }

    // MARK: Files

    /// Files that may be longer, with the reason.
    static let longFiles = [
        "Shared/Contracts/ChannelTypeTable.swift": "a table: one row for each channel type"
    ]

    @Test("no file is longer than 500 lines")
    func length() {
        for file in SourceTree.files(["swift", "h", "hpp", "cpp"]) where Self.longFiles[file.path] == nil {
            #expect(
                file.lines.count <= 500,
                "\(file.path) has \(file.lines.count) lines: a file holds one idea; split it, or list it in longFiles with the reason"
            )
        }
        for path in Self.longFiles.keys {
            #expect(SourceTree.files(["swift"]).contains { $0.path == path }, "\(path) is exempt and does not exist")
        }
    }

    // MARK: Words

    struct Ban: Sendable, CustomTestStringConvertible {
        let word: String
        let reason: String
        var inComments = false
        var testDescription: String { word }
    }

    static let bans = [
        Ban(word: "try!", reason: "a fault must reach the caller as an error, not end the process"),
        Ban(word: "as!", reason: "use `as?` and say what happens when it is nil"),
        Ban(
            word: "fatalError(",
            reason: "use preconditionFailure with a message, and only for what our own code alone can cause"),
        Ban(word: "TODO", reason: "what is missing belongs into an issue", inComments: true),
        Ban(word: "FIXME", reason: "what is missing belongs into an issue", inComments: true),
        Ban(
            word: "import Foundation",
            reason: "full Foundation costs 12 MB of memory and 60 MB of binary; FoundationEssentials or nothing"),
        Ban(word: "public", reason: "nothing outside this package uses it; `package` crosses modules"),
        Ban(word: "@inlinable", reason: "cross-module optimisation does it; it would freeze an interface nobody needs"),
        Ban(word: "Task.detached", reason: "it leaves the loop and the structure: use EventLoop.spawn or a Service"),
        Ban(word: "@preconcurrency", reason: "it hides data races from the compiler"),
    ]

    @Test("banned words are absent", arguments: bans)
    func words(ban: Ban) {
        let found = Self.swift.flatMap { file in
            (ban.inComments ? file.lines : file.code).enumerated().filter { Self.contains($0.element, ban.word) }
                .map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(found.isEmpty, "`\(ban.word)` stands in \(found.joined(separator: ", ")): \(ban.reason)")
    }

    @Test("what the compiler does not check for data races says why it is safe")
    func safety() {
        for file in Self.swift {
            let risky = file.code.contains { $0.contains("@unchecked Sendable") || $0.contains("nonisolated(unsafe)") }
            guard risky else { continue }
            #expect(
                file.lines.contains { $0.contains("// SAFETY:") },
                "\(file.path) has @unchecked Sendable or nonisolated(unsafe) without a `// SAFETY:` line that says what makes it right"
            )
        }
    }

    /// Whether a word stands in a line on its own: `Foundation` is not found in `FoundationEssentials`.
    static func contains(_ line: String, _ word: String) -> Bool {
        guard line.utf8.count >= word.utf8.count, line.contains(word) else { return false }
        var rest = line[...]
        while let range = rest.firstRange(of: word) {
            let isPart = { (character: Character?) in character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
            }
            let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : nil
            let after = range.upperBound < line.endIndex ? line[range.upperBound] : nil
            let startsPlain = !(isPart(word.first) && isPart(before))
            let endsPlain = !(isPart(word.last) && isPart(after))
            if startsPlain && endsPlain { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    private static func importedModules(_ file: SourceFile) -> [String] {
        file.code.compactMap { line in
            guard line.contains("import ") else { return nil }
            guard
                let match = line.firstMatch(
                    of: #/^\s*(?:@\w+\s+|package |internal |private |fileprivate )*import (?:\w+ )?(\w+)/#)
            else { return nil }
            return String(match.1)
        }
    }
}
