import EventLoop

/// The caller's streamed request body, pulled one piece ahead of the upstream.
///
/// At most one piece waits here; the next is asked for when that one is used up, so an upstream that reads slowly slows the caller's source.
@safe
final class UploadSource: @unchecked Sendable {
    // SAFETY: confined to its loop; the pump task runs there.

    /// What the caller promised to send.
    let length: Int?
    /// The piece that is being sent, and how much of it was used.
    private(set) var piece: [UInt8] = []
    private(set) var used = 0
    /// The source ended: after `piece` there is nothing.
    private(set) var isComplete = false

    private let next: @Sendable () async throws -> [UInt8]?
    private let loop: EventLoop
    private var delivered = 0
    private var isStopped = false
    private var demand: UnsafeContinuation<Void, Never>?
    private var pump: Task<Void, Never>?

    init(length: Int?, next: @escaping @Sendable () async throws -> [UInt8]?, loop: EventLoop) {
        self.length = length
        self.next = next
        self.loop = loop
    }

    /// Whether bytes wait to be sent.
    var hasBytes: Bool { used < piece.count }

    func start(for exchange: Exchange) {
        guard pump == nil, !isStopped else { return }
        pump = loop.spawn { [weak self, weak exchange] in
            while let self, !self.isStopped {
                do {
                    guard let bytes = try await self.next() else {
                        self.finish(exchange)
                        return
                    }
                    guard self.admit(bytes, exchange) else { return }
                } catch {
                    exchange?.fail(.requestBody("\(error)"))
                    return
                }
                await self.waitForDemand()
            }
        }
    }

    /// Ends the pump; nothing is asked of the source any more.
    func stop() {
        isStopped = true
        piece = []
        used = 0
        pump?.cancel()
        resumePump()
    }

    /// Marks bytes of the piece as sent; asks the source for the next piece when it is used up.
    func use(_ count: Int) {
        used += count
        guard used >= piece.count else { return }
        piece = []
        used = 0
        resumePump()
    }

    private func admit(_ bytes: [UInt8], _ exchange: Exchange?) -> Bool {
        guard !isStopped, let exchange else { return false }
        delivered += bytes.count
        if let length, delivered > length {
            exchange.fail(.requestBody("the body is longer than its declared \(length) bytes"))
            return false
        }
        guard !bytes.isEmpty else { return true }
        piece = bytes
        used = 0
        exchange.uploadMoved()
        return true
    }

    private func finish(_ exchange: Exchange?) {
        guard !isStopped, let exchange else { return }
        if let length, delivered < length {
            exchange.fail(.requestBody("the body has \(delivered) of its declared \(length) bytes"))
            return
        }
        isComplete = true
        exchange.uploadMoved()
    }

    private func waitForDemand() async {
        guard hasBytes, !isStopped else { return }
        await unsafe withUnsafeContinuation { continuation in unsafe demand = continuation }
    }

    private func resumePump() {
        guard let demand = unsafe demand else { return }
        unsafe self.demand = nil
        unsafe demand.resume()
    }
}
