import EventLoop

/// How much a transaction sees of others.
package enum TransactionIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresPool {
    private static let mostRetries = 3
    private static let retryBackoff = Backoff(range: .milliseconds(10) ... .milliseconds(200))

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// When the server ends it for a serialization failure or a deadlock, `body` is run again in a new transaction, up to three times, so it must
    /// have no other effects than on the database. A cancelled task is rolled back; a `COMMIT` that was sent is waited for.
    ///
    /// - Parameters:
    ///   - isolation: How much it sees of others.
    ///   - body: The work.
    /// - Throws: What `body` throws, what the server said, `.commitOutcomeUnknown` when the connection died during `COMMIT`.
    package func transaction<T: Sendable>(
        isolation: TransactionIsolation = .readCommitted, _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        var generator = SystemRandomNumberGenerator()
        var attempts = 0
        while true {
            do {
                return try await withConnection { connection in
                    try await Self.inTransaction(connection, isolation, body)
                }
            } catch PostgresError.server(let state, _, _, _)
                where state.wantsTransactionRetry && attempts < Self.mostRetries
            {
                attempts += 1
                let pause = Self.retryBackoff.delay(afterFailures: attempts, using: &generator)
                do {
                    try await group.loops[0].sleep(for: pause)
                } catch {
                    throw PostgresError.cancelled
                }
            }
        }
    }

    private static func inTransaction<T: Sendable>(
        _ connection: PostgresConnection, _ isolation: TransactionIsolation,
        _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await connection.simple("BEGIN ISOLATION LEVEL \(isolation.rawValue)")
        // A throw from here on ends with the rollback of `giveBack`.
        let value = try await body(connection)
        guard connection.driver.isReady else { throw PostgresError.unavailable("the connection died in a transaction") }
        let result: ResultSet
        do throws(PostgresError) {
            result = try await connection.perform(.script("COMMIT"), isCancellable: false)
        } catch {
            guard case .unavailable = error else { throw error }
            throw PostgresError.commitOutcomeUnknown
        }
        guard result.commandTag == "COMMIT" else {
            throw PostgresError.server(
                .inFailedTransaction, message: "a statement of the transaction failed, so it was rolled back")
        }
        return value
    }
}
