import EventLoop
import Glibc

/// One connection with one stream after the other on it. Confined to the loop.
final class Stream: ReadinessHandler {
    private let descriptor: Int32
    private unowned let run: StreamRun
    private var pending: [UInt8] = []
    /// The last bytes that came, where the end of a stream shows.
    private var tail: [UInt8] = []
    private var hasHead = false
    private var lastAt: UInt64 = 0
    private(set) var isDelivering = false

    private static let stamp = Array("\"t=".utf8)
    private static let lastChunk = Array("\r\n0\r\n\r\n".utf8)

    init(_ descriptor: Int32, _ run: StreamRun) {
        self.descriptor = descriptor
        self.run = run
    }

    /// Asks for a stream.
    func begin() throws {
        hasHead = false
        try sendAll(descriptor, run.request)
    }

    /// Reports the silence since the last chunk, at the end of the measurement.
    func checkSilence(_ now: MonotonicTime) {
        if isDelivering { run.silent(now.nanoseconds - lastAt) }
    }

    func ready(_ readiness: Readiness) {
        let scratch = unsafe run.loop.scratch
        let count = unsafe recv(descriptor, scratch.baseAddress, scratch.count, 0)
        if count < 0, errno == EAGAIN { return }
        guard count > 0 else { return end("the connection ended") }
        unsafe pending.append(contentsOf: scratch[..<count])
        unsafe tail.append(contentsOf: scratch[max(0, count - 32)..<count])
        tail.removeFirst(max(0, tail.count - 32))
        if !hasHead {
            guard pending.count >= 12 else { return }
            let status = String(decoding: pending[..<12], as: UTF8.self)
            guard status == "HTTP/1.1 200" else { return end(status) }
            hasHead = true
        }
        scan()
    }

    /// Takes the time stamps out of what has come; keeps only what may be the beginning of another.
    private func scan() {
        let now = MonotonicTime.now().nanoseconds
        var place = 0
        var kept = 0
        while place < pending.count {
            if pending[place] == Self.stamp[0] {
                guard place + 24 <= pending.count else { break }
                if pending[(place + 1)..<(place + 3)].elementsEqual(Self.stamp[1...]) {
                    var time: UInt64 = 0
                    var digit = place + 3
                    while digit < pending.count, (48...57).contains(pending[digit]) {
                        time = time * 10 + UInt64(pending[digit] - 48)
                        digit += 1
                    }
                    run.received(sentAt: time, now: now, gap: lastAt == 0 ? 0 : now - lastAt)
                    lastAt = now
                    isDelivering = true
                    place = digit
                }
            }
            place += 1
            kept = place
        }
        pending.removeFirst(kept)
        guard tail.contains(run.last), tail.suffix(7).elementsEqual(Self.lastChunk) else { return }
        tail.removeAll(keepingCapacity: true)
        pending.removeAll(keepingCapacity: true)
        run.ended()
        do {
            try begin()
        } catch {
            end("\(error)")
        }
    }

    private func end(_ reason: String) {
        isDelivering = false
        run.failed(reason)
        run.loop.unwatch(descriptor)
        close(descriptor)
    }
}
