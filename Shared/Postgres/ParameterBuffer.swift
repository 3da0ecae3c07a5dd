/// The values of one statement in one block of memory, as libpq wants them. Reused from statement to statement.
struct ParameterBuffer {
    private struct Place {
        var offset: Int
        var length: Int
        var isBinary: Bool
    }

    private var bytes: [UInt8] = []
    private var places: [Place] = []
    private static let null = -1
    private static let keptBytes = 64 * 1024
    private static let mostParameters = 65_535
    /// PostgreSQL's own bound for one value.
    private static let mostBytes = 1 << 30

    /// How many values there are.
    var count: Int { places.count }

    /// Fills the buffer.
    ///
    /// - Throws: `.encode` when a text contains NUL, which libpq would silently cut, or there are more values than the protocol has numbers.
    mutating func fill(_ values: [ParameterValue]) throws(PostgresError) {
        if bytes.capacity > Self.keptBytes { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        places.removeAll(keepingCapacity: true)
        guard values.count <= Self.mostParameters else {
            throw .encode(parameter: values.count, reason: "a statement has at most 65535 parameters")
        }
        for (index, value) in values.enumerated() {
            let offset = bytes.count
            switch value {
            case .null: places.append(Place(offset: Self.null, length: 0, isBinary: false))
            case .text(let text):
                bytes.append(contentsOf: text.utf8)
                guard !bytes[offset...].contains(0) else {
                    throw .encode(parameter: index + 1, reason: "PostgreSQL text cannot contain NUL")
                }
                places.append(Place(offset: offset, length: bytes.count - offset, isBinary: false))
                bytes.append(0)
            case .binary(let binary):
                bytes.append(contentsOf: binary)
                places.append(Place(offset: offset, length: binary.count, isBinary: true))
                bytes.append(0)
            }
            guard bytes.count - offset <= Self.mostBytes else {
                throw .encode(parameter: index + 1, reason: "a value has at most 1 GiB")
            }
        }
    }

    /// Lends pointers to the values, their lengths and their formats.
    func withPointers<T>(
        _ body: (
            UnsafeBufferPointer<UnsafePointer<CChar>?>, UnsafeBufferPointer<Int32>, UnsafeBufferPointer<Int32>
        ) -> T
    ) -> T {
        unsafe bytes.withUnsafeBytes { block in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: places.count) { values in
                unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: places.count) { lengths in
                    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: places.count) { formats in
                        for (index, place) in places.enumerated() {
                            let start =
                                place.offset == Self.null
                                ? nil
                                : unsafe block.baseAddress?.advanced(by: place.offset)
                                    .assumingMemoryBound(to: CChar.self)
                            unsafe values.initializeElement(at: index, to: start)
                            unsafe lengths.initializeElement(at: index, to: Int32(clamping: place.length))
                            unsafe formats.initializeElement(at: index, to: place.isBinary ? 1 : 0)
                        }
                        return unsafe body(
                            UnsafeBufferPointer(values), UnsafeBufferPointer(lengths), UnsafeBufferPointer(formats))
                    }
                }
            }
        }
    }
}
