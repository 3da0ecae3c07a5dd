import CLinux
import Glibc
import HTTPCore

/// The bytes that wait for the client, in order.
///
/// Small pieces gather in one buffer and leave in one call; a large array is queued as it is, without a copy. Empty, it holds no memory. Its bound is kept
/// by the connection (`highWaterMark`, and a cut far above it).
struct OutputQueue {
    private var first: [UInt8] = []
    private var rest: [[UInt8]] = []
    /// Bytes of `first` that are sent.
    private var offset = 0
    /// Bytes that wait.
    private(set) var count = 0

    private static let largePiece = 16 * 1024
    private static let gatherLimit = 64 * 1024

    var isEmpty: Bool { count == 0 }

    /// Whether a buffer should be lent before the first write.
    var wantsBuffer: Bool { first.capacity == 0 }

    /// Gives an empty buffer to gather in.
    mutating func lend(_ buffer: consuming [UInt8]) { first = buffer }

    /// Takes the buffer back when nothing waits.
    mutating func reclaim() -> [UInt8] {
        let buffer = first
        first = []
        return buffer
    }

    /// Lets `body` append to the last buffer.
    mutating func append(_ body: (inout [UInt8]) -> Void) {
        if rest.isEmpty {
            let before = first.count
            body(&first)
            count += first.count - before
        } else {
            if rest[rest.count - 1].count >= Self.gatherLimit { rest.append([]) }
            let last = rest.count - 1
            let before = rest[last].count
            body(&rest[last])
            count += rest[last].count - before
        }
    }

    mutating func append(_ bytes: [UInt8]) {
        guard bytes.count >= Self.largePiece else {
            append { $0.append(contentsOf: bytes) }
            return
        }
        rest.append(bytes)
        // What follows gathers in a buffer of its own: appending to the caller's array would copy it.
        rest.append([])
        count += bytes.count
    }

    mutating func append(_ bytes: Span<UInt8>) {
        if rest.isEmpty { first.append(bytes) } else { rest[rest.count - 1].append(bytes) }
        count += bytes.count
    }

    /// Sends as much as the kernel takes.
    ///
    /// - Returns: 0 when everything went out or the kernel's buffer is full (`count` tells which), else the error number.
    mutating func flush(to fd: Int32) -> Int32 {
        while count > 0 {
            let sent = sendFirst(fd)
            if sent < 0 {
                let code = Int32(-sent)
                if code == EINTR { continue }
                return code == EAGAIN || code == EWOULDBLOCK ? 0 : code
            }
            drop(sent)
        }
        return 0
    }

    /// Sends from the first piece. When more pieces follow, the kernel is told to wait for them before it cuts a packet: that costs one call more than a
    /// gathering write and nothing else.
    private func sendFirst(_ fd: Int32) -> Int {
        let start = offset
        let flags = Int32(MSG_NOSIGNAL) | (rest.isEmpty ? 0 : Int32(MSG_MORE))
        return unsafe first.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress, bytes.count > start else { return 0 }
            let sent = unsafe send(fd, base + start, bytes.count - start, flags)
            return sent < 0 ? -Int(errno) : sent
        }
    }

    private mutating func drop(_ sent: Int) {
        count -= sent
        offset += sent
        if count == 0 {
            first.removeAll(keepingCapacity: first.capacity <= Self.gatherLimit)
            rest = []
            offset = 0
            return
        }
        var used = 0
        while offset >= first.count, used < rest.count {
            offset -= first.count
            first = rest[used]
            used += 1
        }
        if used > 0 { rest.removeFirst(used) }
    }
}
