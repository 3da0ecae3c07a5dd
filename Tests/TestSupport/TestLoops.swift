package import EventLoop

/// Makes running loops, gives them to `body`, and ends them whatever happens.
package func withLoops<T: Sendable>(
    _ count: Int = 1, name: String = "test", _ body: (EventLoopGroup) async throws -> T
) async throws -> T {
    let loops = try EventLoopGroup(count: count, name: name)
    try loops.start()
    do {
        let result = try await body(loops)
        loops.stop()
        return result
    } catch {
        loops.stop()
        throw error
    }
}

extension EventLoop {
    /// Runs `body` as a task of the loop and waits for what it returns.
    package func run<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            spawn {
                do {
                    continuation.resume(returning: try await body())
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}

/// Texts that break careless writers and readers of JSON.
package enum HostileText {
    /// The texts.
    package static let all: [String] = [
        "", " ", "\"", "\\", "\\\\\"", "\u{0}", "\u{1}\u{1F}", "\u{7F}", "\n\r\t\u{8}\u{C}", "\u{2028}\u{2029}", "ä",
        "𝄞", "👩‍👩‍👧", "\u{FFFD}",
        "\u{FEFF}", "é\u{301}", "null", "{\"a\":1}", "</script>", "'; DROP TABLE logs;--", "${jndi:ldap://x}", "%00%0a",
        "\\u0000", "1e400", String(repeating: "a", count: 7), String(repeating: "b", count: 8),
        String(repeating: "c\"", count: 33),
        String(repeating: "\u{1}", count: 100), String(repeating: "漢", count: 100), "aaaaaaa\"", "aaaaaaaa\"",
        "aaaaaaaaaaaaaaa\\", "aaaaaaaaaaaaaaaa\n",
    ]
}
