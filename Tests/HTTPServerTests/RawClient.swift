import CLinux
import Glibc
import HTTPCore
import Testing

/// A blocking TCP client that says exactly what a test wants; every wait ends after ten seconds.
@safe
final class RawClient {
    struct Answer: Equatable {
        var status: Int
        var headers: HTTPHeaders
        var body: String
    }

    struct Timeout: Error {}
    struct Malformed: Error { var text: String }

    private(set) var fd: Int32
    private var buffer: [UInt8] = []
    /// Whether the server cut the connection instead of ending it.
    private(set) var wasReset = false

    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var time = timeval(tv_sec: 10, tv_usec: 0)
        unsafe _ = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        unsafe _ = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        unsafe _ = setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        if var receiveBuffer { unsafe _ = setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            Glibc.close(fd)
            fd = -1
            throw Malformed(text: "connect failed with \(errno)")
        }
    }

    deinit { close() }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends everything; what the server no longer takes is dropped.
    func send(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe Glibc.send(fd, base + start, buffer.count - start, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            start += count
        }
    }

    /// Sends as much as the kernel takes without waiting; answers how much that was.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        let count = unsafe Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        return max(0, count)
    }

    func halfClose() { shutdown(fd, Int32(SHUT_WR)) }

    func close() {
        guard fd >= 0 else { return }
        Glibc.close(fd)
        fd = -1
    }

    /// Closes with a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe _ = setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// The next answer, interim ones included.
    func answer(toHead: Bool = false) throws -> Answer {
        while firstPlace(of: "\r\n\r\n") == nil { guard try fill() else { throw Malformed(text: text) } }
        guard let end = firstPlace(of: "\r\n\r\n") else { throw Malformed(text: text) }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).components("\r\n")
        buffer.removeFirst(end + 4)
        guard lines[0].hasPrefix("HTTP/1.1 "), let status = Int(lines[0].dropFirst(9).prefix(3)) else {
            throw Malformed(text: lines[0])
        }
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(text: line) }
            headers.append(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        let hasBody = !toHead && !HTTPStatus(code: UInt16(status)).forbidsBody
        return Answer(status: status, headers: headers, body: hasBody ? try body(headers) : "")
    }

    private func body(_ headers: HTTPHeaders) throws -> String {
        if let length = headers.first("content-length").flatMap({ Int($0) }) {
            while buffer.count < length { guard try fill() else { throw Malformed(text: text) } }
            defer { buffer.removeFirst(length) }
            return String(decoding: buffer[..<length], as: UTF8.self)
        }
        guard headers.first("transfer-encoding") == "chunked" else {
            while try fill() {}
            defer { buffer = [] }
            return text
        }
        var decoder = ChunkedDecoder()
        var body: [UInt8] = []
        while true {
            var place = 0
            let piece = buffer
            loop: while true {
                switch try decoder.step(piece.span, from: place) {
                case .needMore: break loop
                case .data(let range):
                    body += piece[range]
                    place = range.upperBound
                case .end(let end):
                    buffer.removeFirst(end)
                    return String(decoding: body, as: UTF8.self)
                }
            }
            buffer = []
            guard try fill() else { throw Malformed(text: "the chunked body was cut") }
        }
    }

    /// Whether the server ends the connection without a further byte.
    func isEnded() throws -> Bool {
        guard buffer.isEmpty else { return false }
        return try !fill()
    }

    /// Everything until the server ends the connection.
    func rest() throws -> String {
        while try fill() {}
        defer { buffer = [] }
        return text
    }

    /// Waits until at least `count` bytes are there, and takes everything.
    func bytes(atLeast count: Int) throws -> [UInt8] {
        while buffer.count < count { guard try fill() else { break } }
        defer { buffer = [] }
        return buffer
    }

    private var text: String { String(decoding: buffer, as: UTF8.self) }

    private func fill() throws -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(fd, &piece, piece.count, 0)
        let code = errno
        if count < 0 {
            if code == EAGAIN { throw Timeout() }
            wasReset = true
            return false
        }
        buffer += piece[..<count]
        return count > 0
    }

    private func firstPlace(of text: String) -> Int? {
        let wanted = Array(text.utf8)
        guard buffer.count >= wanted.count else { return nil }
        return (0...buffer.count - wanted.count).first { buffer[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
