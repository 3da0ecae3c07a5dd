import Foundation

/// One row of the dependency table in `Package.swift`.
struct ManifestRow: Sendable {
    /// The target.
    let name: String
    /// The folder of its sources.
    let folder: String
    /// The targets it may import.
    let needs: Set<String>
}

/// Reads the rows out of the manifest's text: `system`, `shared`, `part` and `service`, and the one plain `.target`.
enum ManifestRows {
    static func read(_ manifest: String) -> [ManifestRow] {
        // The declarations of the row functions come before `let package`.
        guard let start = manifest.range(of: "let package = Package(") else { return [] }
        let pattern = #/(?:(system|shared|part|service)\(|\.target\(\s*name:)\s*"([^"]+)"([^()]*?)[()]/#
        return manifest[start.upperBound...].matches(of: pattern).compactMap { match in
            let name = String(match.2)
            let rest = String(match.3)
            let needs = (rest.firstMatch(of: #/needs:\s*\[([^\]]*)\]/#)?.1).map(names) ?? []
            switch match.1 {
            case "part":
                guard let service = rest.firstMatch(of: #/of:\s*"([^"]+)"/#)?.1 else { return nil }
                return ManifestRow(name: name, folder: "Services/\(service)/\(name)", needs: needs)
            case "service": return ManifestRow(name: name, folder: "Services/\(name)/Main", needs: needs)
            case "system", "shared": return ManifestRow(name: name, folder: "Shared/\(name)", needs: needs)
            default:
                guard let path = rest.firstMatch(of: #/path:\s*"(Shared/[^"]+)"/#)?.1 else { return nil }
                return ManifestRow(name: name, folder: String(path), needs: needs)
            }
        }
    }

    private static func names(_ list: Substring) -> Set<String> {
        Set(list.matches(of: #/"([^"]+)"/#).map { String($0.1) })
    }
}
