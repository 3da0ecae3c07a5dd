import EventLoop
import Glibc

/// Calls one after the other on one connection; the time of each from the first byte sent to the last received.
struct LatencyRun {
    private let options: Options

    init(_ options: Options) {
        self.options = options
    }

    func run() throws -> String {
        let descriptor = try connected(options.host, options.port, blocking: true)
        defer { close(descriptor) }
        let request = options.request
        var times: [UInt32] = []
        times.reserveCapacity(options.requests)
        for number in 0..<(options.warmup + options.requests) {
            let start = MonotonicTime.now()
            try sendAll(descriptor, request)
            try readAnswer(descriptor)
            let time = (MonotonicTime.now().nanoseconds - start.nanoseconds) / 1000
            if number >= options.warmup { times.append(UInt32(clamping: time)) }
        }
        times.sort()
        return "{\"requests\":\(times.count),\"p50_us\":\(percentile(times, 0.5)),\"p90_us\":\(percentile(times, 0.9)),"
            + "\"p99_us\":\(percentile(times, 0.99)),\"max_us\":\(times.last ?? 0)}"
    }

    private func readAnswer(_ descriptor: Int32) throws {
        var bytes: [UInt8] = []
        var scratch = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe scratch.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else {
                throw LoadError.answer("the connection ended: \(String(decoding: bytes, as: UTF8.self))")
            }
            bytes += scratch[..<count]
            if try Self.isComplete(bytes) { return }
        }
    }

    private static func isComplete(_ bytes: [UInt8]) throws -> Bool {
        guard
            let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) })
        else { return false }
        let head = String(decoding: bytes[..<end], as: UTF8.self)
        guard head.hasPrefix("HTTP/1.1 200") else { throw LoadError.answer(String(decoding: bytes, as: UTF8.self)) }
        let lines = head.split(separator: "\r\n").map { $0.lowercased() }
        if let length = lines.first(where: { $0.hasPrefix("content-length:") }).flatMap({
            Int($0.split(separator: " ").last ?? "")
        }) {
            return bytes.count >= end + 4 + length
        }
        return bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8)
    }
}
