import EventLoop
import Synchronization

/// One connection while a caller has it: `withConnection` and `transaction` lend it and take it back.
///
/// One operation at a time. Used after it was given back it refuses, because someone else may have the session by then.
package final class PostgresConnection: Sendable {
    let driver: ConnectionDriver
    private let isReturned = Atomic<Bool>(false)
    private let hasOwnTimeout = Atomic<Bool>(false)

    init(_ driver: ConnectionDriver) {
        self.driver = driver
    }

    /// Runs a statement and returns its rows.
    ///
    /// - Throws: What the server said, or `.unavailable` when the connection died.
    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] {
        let result = try await perform(.statement(sql))
        return (0..<result.rowCount).map { Row(result: result, index: $0) }
    }

    /// Runs a statement and returns how many rows it touched.
    ///
    /// - Throws: What the server said, or `.unavailable` when the connection died.
    @discardableResult
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        try await perform(.statement(sql)).affectedRows
    }

    /// Loads rows with `COPY … FROM STDIN`; all of them or, after an error, none.
    ///
    /// The data is handed over no faster than the socket takes it. After an error the connection is as usable as after any failed statement.
    ///
    /// - Parameters:
    ///   - sql: The COPY statement, text of our own.
    ///   - rows: The data, usually from `CopyText`.
    /// - Returns: How many rows were loaded.
    /// - Throws: What the server said, or `.unavailable` when the connection died.
    package func copyIn(_ sql: String, _ rows: [UInt8]) async throws(PostgresError) -> Int {
        let result = try await perform(.copy(sql, rows))
        guard result.commandTag.hasPrefix("COPY") else { throw .protocolFault("the statement is no COPY FROM STDIN") }
        return result.affectedRows
    }

    /// Runs a script of several statements without parameters, text of our own; the first error ends it.
    ///
    /// - Throws: What the server said, or `.unavailable` when the connection died.
    package func simple(_ script: String) async throws(PostgresError) {
        try await perform(.script(script))
    }

    /// Changes how long a statement of this session may run, until the connection is given back; nil for as long as it takes.
    ///
    /// - Throws: What the server said, or `.unavailable` when the connection died.
    package func setStatementTimeout(_ limit: Duration?) async throws(PostgresError) {
        let milliseconds = limit.map { max(1, $0.wholeMilliseconds) } ?? 0
        hasOwnTimeout.store(true, ordering: .releasing)
        try await perform(.script("SET statement_timeout = \(milliseconds)"))
        let driver = driver
        driver.loop.execute { driver.statementLimit = limit }
    }

    /// Whether the session is inside a transaction block.
    package var isInTransaction: Bool { driver.transaction != .idle }

    @discardableResult
    func perform(_ work: Operation.Work, isCancellable: Bool = true) async throws(PostgresError) -> ResultSet {
        guard !isReturned.load(ordering: .acquiring) else {
            throw .protocolFault("the connection was used after it was given back")
        }
        return try await driver.perform(work, isCancellable: isCancellable)
    }

    /// Ends the lease.
    ///
    /// - Returns: Whether the session may go to someone else; an open transaction is rolled back for that.
    func giveBack() async -> Bool {
        isReturned.store(true, ordering: .releasing)
        guard driver.isReady else { return false }
        var cleaning: [String] = []
        switch driver.transaction {
        case .idle: break
        case .unknown: return false
        case .open, .failed: cleaning.append("ROLLBACK")
        }
        if hasOwnTimeout.load(ordering: .acquiring) {
            let driver = driver
            driver.loop.execute { driver.statementLimit = driver.configuration.statementTimeout }
            cleaning.append("RESET statement_timeout")
        }
        for script in cleaning where (try? await driver.perform(.script(script), isCancellable: false)) == nil {
            return false
        }
        return driver.isReady && driver.transaction == .idle
    }
}
