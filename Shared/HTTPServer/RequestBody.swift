import HTTPCore

/// Why the body of a request cannot be read to its end. A handler that does not know better rethrows it; the server then answers.
package enum BodyError: Error, Equatable, Sendable {
    /// Longer than allowed.
    case tooLarge(limit: Int)
    /// The client left.
    case clientGone
    /// Against the grammar of its coding; the text is safe to show.
    case malformed(String)
    /// The client stopped sending.
    case timedOut
}

/// The body of one request; one reader at a time, on the loop of the connection.
///
/// Bound: at most `highWaterMark` and one read wait here while nobody asks; then the client is not read from. `collect` holds the whole body, up to its limit.
package final class RequestBody: @unchecked Sendable {
    // SAFETY: confined to its loop; the connection and the handler both run there.

    /// The length the client declared; `nil` for a chunked body, 0 without a body.
    package let declaredLength: Int?

    private var connection: Connection?
    private var buffer: [UInt8] = []
    private var isComplete: Bool
    private var failure: BodyError?
    private var isCollecting = false
    private var collectLimit = Int.max
    private var waiter: Waiter?

    /// What simdjson wants behind the last byte.
    private static let spareBytes = 64
    /// A client must have sent this much before memory for all that it declared is set aside.
    private static let trustedReserve = 1024 * 1024

    init(connection: Connection?, declaredLength: Int?, isComplete: Bool) {
        self.connection = connection
        self.declaredLength = declaredLength
        self.isComplete = isComplete
    }

    /// The next bytes of the body; `nil` behind its end.
    ///
    /// - Throws: why there will be no more.
    package func next() async throws(BodyError) -> [UInt8]? {
        while buffer.isEmpty {
            if isComplete { return nil }
            if let failure { throw failure }
            await more()
        }
        return take()
    }

    /// The rest of the body as a whole, with at least 64 spare bytes of capacity.
    ///
    /// - Parameter limit: a bound below the server's own.
    /// - Throws: why there is no whole body.
    package func collect(upTo limit: Int? = nil) async throws(BodyError) -> [UInt8] {
        let limit = limit ?? Int.max
        if let declaredLength, declaredLength > limit { throw .tooLarge(limit: limit) }
        isCollecting = true
        collectLimit = limit
        defer { isCollecting = false }
        while !isComplete {
            if let failure { throw failure }
            guard buffer.count <= limit else { break }
            await more()
        }
        guard buffer.count <= limit else { throw .tooLarge(limit: limit) }
        if buffer.capacity - buffer.count < Self.spareBytes { buffer.reserveCapacity(buffer.count + Self.spareBytes) }
        return take()
    }

    private func more() async {
        connection?.bodyWanted(by: self)
        // The connection may have failed the body at once.
        if failure != nil { return }
        precondition(waiter == nil, "a request body has one reader at a time")
        await Waiter.park { waiter = $0 }
    }

    private func take() -> [UInt8] {
        let bytes = buffer
        buffer = []
        connection?.bodyTaken(from: self)
        return bytes
    }

    // MARK: For the connection

    /// Whether reading should pause: bytes wait, and nobody collects them.
    func isOver(_ mark: Int) -> Bool {
        !isCollecting && buffer.count >= mark
    }

    func receive(_ bytes: Span<UInt8>, isLast: Bool) {
        if !bytes.isEmpty {
            reserve(for: bytes.count)
            buffer.append(bytes)
        }
        if isLast { isComplete = true }
        if isComplete || !isCollecting || buffer.count > collectLimit { waiter.takeAndResume() }
    }

    func fail(_ error: BodyError) {
        guard !isComplete, failure == nil else { return }
        failure = error
        waiter.takeAndResume()
    }

    /// The exchange is over; what is asked for later fails.
    func detach() {
        connection = nil
        fail(.clientGone)
    }

    private func reserve(for count: Int) {
        guard let declaredLength else { return }
        let whole = declaredLength + Self.spareBytes
        guard buffer.capacity < min(whole, buffer.count + count + Self.spareBytes) else { return }
        // A streaming reader takes the bytes as they come; only a collector is going to hold them all.
        guard isCollecting || whole <= Self.trustedReserve else { return }
        if whole <= Self.trustedReserve || buffer.count + count > Self.trustedReserve { buffer.reserveCapacity(whole) }
    }
}
