package import EventLoop
package import HTTPCore

/// Answers one request; runs on the loop of its connection from start to end.
///
/// A throw before the head was sent is answered with 500 (a rethrown `BodyError` with its own status), one after it cuts the connection. Returning
/// ends an answer that was begun.
package typealias Handler = @Sendable (ServerRequest, ResponseWriter) async throws -> Void

/// One request, on the loop of its connection.
package final class ServerRequest: @unchecked Sendable {
    // SAFETY: confined to its loop; handlers run there and must not hand it to other threads.

    /// Method, target, version and fields.
    package let head: RequestHead
    /// The body; reading it is what asks a client with `Expect: 100-continue` to send it.
    package let body: RequestBody
    /// The loop on which everything about this request happens.
    package let loop: EventLoop
    /// When the last byte of the head was read.
    package let arrivedAt: MonotonicTime
    /// The same on the wall clock, in microseconds since 1970.
    package let receivedAt: Int64
    /// The values of the pattern's `:names`, decoded; set by the router.
    package var parameters: [String: String] = [:]
    /// The label or pattern of the route, for metrics; `nil` before routing and for unknown paths.
    package var route: String?

    private let peer: PeerAddress
    private let peerText: String
    private let trustedProxies: [AddressRange]

    init(
        head: RequestHead, body: RequestBody, loop: EventLoop, arrivedAt: MonotonicTime, receivedAt: Int64,
        peer: PeerAddress, peerText: String,
        trustedProxies: [AddressRange]
    ) {
        self.head = head
        self.body = body
        self.loop = loop
        self.arrivedAt = arrivedAt
        self.receivedAt = receivedAt
        self.peer = peer
        self.peerText = peerText
        self.trustedProxies = trustedProxies
    }

    /// The address of the client, without a port: the peer, or what trusted proxies say.
    ///
    /// `X-Forwarded-For` is read from its end: each address was written by the hop that follows it, so the first one that is not a trusted proxy is the
    /// client as far as anybody trustworthy knows.
    package var remoteAddress: String {
        guard !trustedProxies.isEmpty, isTrusted(peer) else { return peerText }
        let hops = head.headers.all("x-forwarded-for").joined(separator: ",").split(separator: ",")
        var client = peer
        for hop in hops.reversed() {
            guard let address = PeerAddress(Self.trimmed(hop)) else { break }
            client = address
            if !isTrusted(address) { break }
        }
        return client.description
    }

    private func isTrusted(_ address: PeerAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
