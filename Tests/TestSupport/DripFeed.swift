/// Cuts bytes in all the ways in which a socket might deliver them.
package enum DripFeed {
    /// The bytes whole, byte by byte, and cut in two at every place.
    ///
    /// - Parameter maxSplits: at most this many of the cuts in two, spread evenly; for long inputs.
    package static func cuts(of bytes: [UInt8], maxSplits: Int = .max) -> [[[UInt8]]] {
        var ways = [[bytes], bytes.map { [$0] }]
        guard bytes.count > 1 else { return ways }
        let step = max(1, (bytes.count - 1) / max(1, maxSplits))
        for place in stride(from: 1, to: bytes.count, by: step) {
            ways.append([Array(bytes[..<place]), Array(bytes[place...])])
        }
        return ways
    }
}
