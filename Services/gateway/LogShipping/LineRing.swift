import EventLoop

/// Lines in the order in which they came, taken out at the front. Counts their bytes, a line feed each.
///
/// Lines lie one behind the other in slabs: a line costs a copy and no allocation of its own, which at many thousand lines between two shipments would leave
/// the heap in pieces. A slab that was emptied is used again.
struct LineRing {
    private struct Slab {
        var bytes: [UInt8] = []
        /// The length of each line with its line feed, and when it came.
        var lines: [(length: Int32, arrivedAt: MonotonicTime)] = []
        /// How many lines were taken out, and where the next one starts.
        var taken = 0
        var start = 0

        var isEmpty: Bool { taken == lines.count }

        mutating func clear() {
            bytes.removeAll(keepingCapacity: true)
            lines.removeAll(keepingCapacity: true)
            taken = 0
            start = 0
        }
    }

    private static let slabBytes = 128 * 1024
    private static let maxSpares = 8

    private var slabs: [Slab] = []
    /// The first slab that holds lines; those before it were emptied.
    private var first = 0
    private var spares: [Slab] = []
    private(set) var count = 0
    private(set) var bytes = 0

    /// When the first line came.
    var oldestAt: MonotonicTime? { count == 0 ? nil : slabs[first].lines[slabs[first].taken].arrivedAt }

    /// Adds a line, without its line feed, at the end.
    mutating func append(_ line: [UInt8], at now: MonotonicTime) {
        let length = line.count + 1
        if slabs.isEmpty || slabs[slabs.count - 1].bytes.count + length > Self.slabBytes {
            var slab = spares.popLast() ?? Slab()
            slab.bytes.reserveCapacity(max(Self.slabBytes, length))
            slabs.append(slab)
        }
        let last = slabs.count - 1
        slabs[last].bytes += line
        slabs[last].bytes.append(UInt8(ascii: "\n"))
        slabs[last].lines.append((Int32(length), now))
        count += 1
        bytes += length
    }

    /// Lets go of the first line.
    mutating func dropFirst() {
        guard count > 0 else { return }
        let length = Int(slabs[first].lines[slabs[first].taken].length)
        slabs[first].taken += 1
        slabs[first].start += length
        count -= 1
        bytes -= length
        retireEmpty()
    }

    /// Takes out the first lines, at most so many and so large, a line feed after each. A first line that is larger alone is not taken.
    mutating func take(lines maxLines: Int, bytes maxBytes: Int) -> (body: [UInt8], lines: Int) {
        var body: [UInt8] = []
        body.reserveCapacity(min(bytes, maxBytes))
        var taken = 0
        while count > 0, taken < maxLines {
            let slab = slabs[first]
            var end = slab.start
            var lines = 0
            while slab.taken + lines < slab.lines.count, taken + lines < maxLines {
                let length = Int(slab.lines[slab.taken + lines].length)
                guard body.count + end - slab.start + length <= maxBytes else { break }
                end += length
                lines += 1
            }
            guard lines > 0 else { break }
            body += slab.bytes[slab.start..<end]
            slabs[first].taken += lines
            count -= lines
            bytes -= end - slab.start
            slabs[first].start = end
            taken += lines
            retireEmpty()
        }
        return (body, taken)
    }

    private mutating func retireEmpty() {
        while first < slabs.count, slabs[first].isEmpty {
            if spares.count < Self.maxSpares, slabs[first].bytes.capacity <= 2 * Self.slabBytes {
                var spare = Slab()
                swap(&spare, &slabs[first])
                spare.clear()
                spares.append(spare)
            } else {
                slabs[first] = Slab()
            }
            first += 1
        }
        if first == slabs.count {
            slabs.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 64 {
            slabs.removeFirst(first)
            first = 0
        }
    }
}
