import InferenceModel
import JSON

/// Cuts a stream of JSON lines (NDJSON) into its lines; each byte is looked at once, however the reads fall.
struct LineSplitter {
    private var bytes: [UInt8] = []
    private var start = 0
    private var place = 0

    /// The longest line that is taken; a longer one ends the stream with an error.
    static let limit = 16 * 1024 * 1024

    /// Takes bytes behind those that wait.
    mutating func append(_ more: [UInt8]) {
        if start > 0 {
            bytes.removeFirst(start)
            place -= start
            start = 0
        }
        bytes += more
    }

    /// The next complete line that is not blank.
    ///
    /// - Throws: `UpstreamError` for a line longer than the limit.
    mutating func next() throws(UpstreamError) -> [UInt8]? {
        while place < bytes.count {
            guard bytes[place] == 10 else {
                place += 1
                continue
            }
            let line = bytes[start..<place]
            place += 1
            start = place
            if line.contains(where: { $0 > 32 }) { return Array(line) }
        }
        guard bytes.count - start <= Self.limit else {
            throw UpstreamError(
                status: 502, message: "a line of the upstream's stream is longer than \(Self.limit) bytes",
                type: "upstream_error", code: .string(UpstreamError.badResponse))
        }
        return nil
    }

    /// The last line, when no line end follows it.
    mutating func rest() -> [UInt8]? {
        let line = bytes[start...]
        start = bytes.count
        place = bytes.count
        return line.contains { $0 > 32 } ? Array(line) : nil
    }
}
