import EventLoop
package import HTTPCore

/// A running request. Loop only, except that it may be dropped anywhere.
///
/// Dropping the transfer and its response cancels it, so a forgotten one cannot hold a connection.
package final class Transfer: @unchecked Sendable {
    // SAFETY: confined to its loop; every entry checks `loop.assertCurrent()`.

    let exchange: Exchange

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    deinit {
        let exchange = exchange
        if exchange.loop.isCurrent {
            exchange.fail(.cancelled)
        } else {
            exchange.loop.execute { exchange.fail(.cancelled) }
        }
    }

    /// Waits for the head of the answer. `1xx` answers are skipped, redirects are answers like any other.
    ///
    /// - Returns: The answer; its body is still to be read.
    /// - Throws: Why there is none.
    package func response() async throws(HTTPClientError) -> ClientResponse {
        exchange.loop.assertCurrent()
        while true {
            if let head = exchange.head { return ClientResponse(head, of: self) }
            if let error = exchange.error { throw error }
            await exchange.wake()
        }
    }

    /// Stops the transfer, from any point; what waits throws `.cancelled`. Nothing happens when it has ended.
    package func cancel() {
        exchange.loop.assertCurrent()
        exchange.fail(.cancelled)
    }

    /// When the transfer reached its stations so far.
    package var timing: TransferTiming {
        exchange.timing
    }
}

/// An answer whose body is read piece by piece, by one reader. Loop only.
package final class ClientResponse: @unchecked Sendable {
    // SAFETY: confined to its loop; every entry checks `loop.assertCurrent()`.

    /// The status code.
    package let status: Int
    /// The headers as received; names keep their case, nothing was decoded.
    package let headers: HTTPHeaders

    /// The fields that followed a chunked body; empty before its end, and those beyond a small limit are left out.
    package var trailers: HTTPHeaders { transfer.exchange.trailers }

    private let transfer: Transfer

    init(_ head: ResponseHead, of transfer: Transfer) {
        status = Int(head.status.code)
        headers = head.headers
        self.transfer = transfer
    }

    /// The next bytes of the body, as soon as there are any. What arrived before a failure is delivered before it is thrown (except on cancel).
    ///
    /// - Returns: Bytes, or `nil` at a clean end.
    /// - Throws: Why the body ends early.
    package func next() async throws(HTTPClientError) -> [UInt8]? {
        let exchange = transfer.exchange
        exchange.loop.assertCurrent()
        while true {
            if let bytes = exchange.takeBytes() { return bytes }
            if let error = exchange.error { throw error }
            if exchange.isEnded { return nil }
            await exchange.wake()
        }
    }

    /// The rest of the body as one array, with 64 bytes of spare capacity.
    ///
    /// - Parameter limit: The largest body that is taken.
    /// - Returns: The body.
    /// - Throws: `.tooLarge` when it is larger (the transfer is cancelled), or why it ends early.
    package func collect(upTo limit: Int) async throws(HTTPClientError) -> [UInt8] {
        var body: [UInt8] = []
        if let text = headers.first("Content-Length"), let length = Int(text), length >= 0 {
            // The upstream's word is believed only so far.
            body.reserveCapacity(min(length, limit, Self.largestReserve) + Self.spare)
        }
        while let piece = try await next() {
            guard body.count + piece.count <= limit else {
                cancel()
                throw .tooLarge(limit: limit)
            }
            body.append(contentsOf: piece)
        }
        if body.capacity - body.count < Self.spare { body.reserveCapacity(body.count + Self.spare) }
        return body
    }

    /// Stops the transfer; see `Transfer.cancel()`.
    package func cancel() {
        transfer.cancel()
    }

    /// When the transfer reached its stations so far.
    package var timing: TransferTiming {
        transfer.exchange.timing
    }

    private static let spare = 64
    private static let largestReserve = 1024 * 1024
}
