/// One line of JSON in the making: literal fragments, numbers and escaped strings, appended to raw memory.
///
/// A record has some fifty pieces; appending each of them to an array costs ten times as much.
@safe
struct LineBuffer: ~Copyable {
    // SAFETY: `start` points to `capacity` bytes that only this value owns, of which the first `count` are set; `reserve` is called before every write.
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0

    /// An empty buffer with room for `capacity` bytes; it grows.
    init(capacity: Int) {
        self.capacity = max(capacity, 64)
        unsafe start = .allocate(capacity: self.capacity)
    }

    deinit {
        unsafe start.deallocate()
    }

    /// The bytes, with no capacity to spare.
    var bytes: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// Text that is JSON already: punctuation and keys.
    mutating func fragment(_ text: StaticString) {
        reserve(text.utf8CodeUnitCount)
        unsafe (start + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    /// A whole number.
    mutating func integer(_ value: some FixedWidthInteger & SignedInteger) {
        reserve(20)
        var rest = UInt64(value.magnitude)
        if value < 0 { put(UInt8(ascii: "-")) }
        var digits = 1
        var bound: UInt64 = 10
        while rest >= bound, digits < 20 {
            digits += 1
            bound = digits < 20 ? bound * 10 : .max
        }
        for place in stride(from: digits - 1, through: 0, by: -1) {
            unsafe start[count + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    /// A truth value.
    mutating func flag(_ value: Bool) {
        fragment(value ? "true" : "false")
    }

    /// A string with its quotes, escaped as far as JSON demands.
    mutating func string(_ text: String) {
        let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { unsafe quoted($0) }
        if isDone == nil {
            let bytes = Array(text.utf8)
            unsafe bytes.withUnsafeBufferPointer { unsafe quoted($0) }
        }
    }

    private mutating func quoted(_ text: UnsafeBufferPointer<UInt8>) {
        reserve(text.count + 2)
        put(UInt8(ascii: "\""))
        var done = 0
        while true {
            let plain = unsafe Self.plainPrefix(of: text, from: done)
            if plain > 0, let source = text.baseAddress {
                unsafe (start + count).update(from: source + done, count: plain)
                count += plain
                done += plain
            }
            guard done < text.count else { break }
            unsafe escape(text[done])
            done += 1
            reserve(text.count - done + 1)
        }
        put(UInt8(ascii: "\""))
    }

    /// How many bytes from `start` on need no escape; eight at a time while there are as many.
    private static func plainPrefix(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var place = start
        if let base = text.baseAddress {
            while place + 8 <= text.count {
                let block = unsafe UnsafeRawPointer(base + place).loadUnaligned(as: UInt64.self)
                if hasSpecial(block) { break }
                place += 8
            }
        }
        while place < text.count {
            let byte = unsafe text[place]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
            place += 1
        }
        return place - start
    }

    /// Whether one of eight bytes is below a space, a quote or a backslash: a subtraction borrows into its top bit then.
    private static func hasSpecial(_ block: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = block ^ (ones &* 0x22)
        let slashes = block ^ (ones &* 0x5C)
        let borrows = ((block &- ones &* 0x20) & ~block) | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
        return borrows & (ones &* 0x80) != 0
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): fragment("\\\"")
        case UInt8(ascii: "\\"): fragment("\\\\")
        case 0x08: fragment("\\b")
        case 0x09: fragment("\\t")
        case 0x0A: fragment("\\n")
        case 0x0C: fragment("\\f")
        case 0x0D: fragment("\\r")
        default:
            fragment("\\u00")
            reserve(2)
            for digit in [byte >> 4, byte & 15] {
                put(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }

    private mutating func put(_ byte: UInt8) {
        unsafe start[count] = byte
        count += 1
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let larger = max(capacity * 2, count + more)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe moved.update(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = moved
        capacity = larger
    }
}
