import Foundation

/// One source file of the checkout.
struct SourceFile: Sendable {
    /// The path from the checkout's root.
    let path: String
    /// Its lines, without line ends.
    let lines: [String]

    /// The lines without comments and without the insides of string literals, for rules about code.
    let code: [String]
}

/// The sources of `Services/` and `Shared/`, read once.
enum SourceTree {
    /// The root of the checkout.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every file with one of these endings, in the order of their paths.
    static func files(_ endings: Set<String>, under folders: [String] = ["Services", "Shared"]) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let base = root.appending(path: folder)
            guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
            let paths = walk.compactMap { $0 as? String }.filter { endings.contains(($0 as NSString).pathExtension) }
            return paths.sorted().compactMap { path in
                guard let text = try? String(contentsOf: base.appending(path: path), encoding: .utf8) else {
                    return nil
                }
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                return SourceFile(path: "\(folder)/\(path)", lines: lines, code: CodeLines.strip(lines))
            }
        }
    }

    /// The text of the manifest.
    static func manifest() -> String {
        (try? String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)) ?? ""
    }
}

/// Takes comments and string contents out of Swift, line by line: exact enough for rules about words, without a parser.
enum CodeLines {
    static func strip(_ lines: [String]) -> [String] {
        var multiline: String?
        return lines.map { line in
            if let delimiter = multiline {
                if line.contains(delimiter) { multiline = nil }
                return ""
            }
            return strip(line, &multiline)
        }
    }

    private static func strip(_ line: String, _ multiline: inout String?) -> String {
        guard line.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "/") }) else { return line }
        var code = ""
        var rest = line[...]
        while let first = rest.first {
            if rest.hasPrefix("//") { break }
            let hashes = rest.prefix { $0 == "#" }
            let quoted = rest.dropFirst(hashes.count)
            if quoted.hasPrefix("\"\"\"") {
                multiline = "\"\"\"" + hashes
                return code + "\"\""
            }
            if quoted.hasPrefix("\"") {
                rest = skipString(quoted.dropFirst(), hashes: String(hashes))
                code += "\"\""
                continue
            }
            code.append(first)
            rest = rest.dropFirst()
        }
        return code
    }

    /// What follows a one-line string; interpolations are skipped with it.
    private static func skipString(_ text: Substring, hashes: String) -> Substring {
        var rest = text
        while let first = rest.first {
            if rest.hasPrefix("\"" + hashes) { return rest.dropFirst(1 + hashes.count) }
            if first == "\\", rest.dropFirst().hasPrefix(hashes) {
                let after = rest.dropFirst(1 + hashes.count)
                rest = after.first == "(" ? skipInterpolation(after.dropFirst()) : after.dropFirst()
            } else {
                rest = rest.dropFirst()
            }
        }
        return rest
    }

    private static func skipInterpolation(_ text: Substring) -> Substring {
        var rest = text
        var depth = 1
        while let first = rest.first {
            rest = rest.dropFirst()
            if first == "\"" {
                rest = skipString(rest, hashes: "")
            } else if first == "(" {
                depth += 1
            } else if first == ")" {
                depth -= 1
                if depth == 0 { break }
            }
        }
        return rest
    }
}
