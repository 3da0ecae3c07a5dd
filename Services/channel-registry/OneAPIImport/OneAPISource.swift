/// A live database of One API that is only read.
protocol OneAPISource: Sendable {
    /// What the source is recognised by in a second import: its kind, server and database, without user and password.
    var identity: String { get }

    /// Reads the table `channels` in one read-only transaction, in the order of the ids.
    ///
    /// - Parameter body: Gets the rows in batches of bounded size; the next one is read when it returns.
    /// - Throws: `ImportError`, within ten seconds when there is no session to be had; what `body` throws.
    func read(_ body: @Sendable ([OneAPIRow]) async throws -> Void) async throws
}

/// What the sources have in common.
enum SourceTable {
    /// The columns to read, of those that the table has.
    ///
    /// - Throws: `ImportError.foreignTable` when the table cannot be One API's.
    static func columns(among names: Set<String>) throws(ImportError) -> [OneAPIColumn] {
        for column in OneAPIColumn.required where !names.contains(column.rawValue) {
            throw .foreignTable("it has no column '\(column.rawValue)'")
        }
        guard !names.contains("configs") || names.contains(OneAPIColumn.group.rawValue) else {
            throw .foreignTable("it looks like AI Proxy's")
        }
        return OneAPIColumn.allCases.filter { names.contains($0.rawValue) }
    }

    /// The names under which this machine is reached are one place.
    static func place(host: String, port: UInt16) -> String {
        let host = host.lowercased()
        let isHere = host == "localhost" || host == "::1" || host.hasPrefix("127.") || host.hasPrefix("/")
        return "\(isHere ? "localhost" : host):\(port)"
    }
}
