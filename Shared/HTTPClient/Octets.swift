import Glibc

extension Span<UInt8> {
    /// Whether the bytes begin with this ASCII text.
    func hasPrefix(_ text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        for place in 0..<text.utf8CodeUnitCount where unsafe self[place] != text.utf8Start[place] { return false }
        return true
    }

    /// Whether the bytes begin with this lower-case ASCII text, whatever the case of their letters.
    func hasPrefixIgnoringCase(_ lowercase: StaticString) -> Bool {
        count >= lowercase.utf8CodeUnitCount
            && extracting(0..<lowercase.utf8CodeUnitCount).equalsIgnoringCase(lowercase)
    }

    /// Whether the bytes are this lower-case ASCII text, whatever the case of their letters.
    func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        for place in indices {
            let byte = self[place]
            guard unsafe (byte &- 0x41 < 26 ? byte | 0x20 : byte) == lowercase.utf8Start[place] else { return false }
        }
        return true
    }

    /// The place of the first `byte` at or after `start`.
    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// The range without spaces and tabs at both ends.
    func trimmedRange(_ range: Range<Int>) -> Range<Int> {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high, self[low] == 0x20 || self[low] == 0x09 { low += 1 }
        while high > low, self[high - 1] == 0x20 || self[high - 1] == 0x09 { high -= 1 }
        return low..<high
    }

    /// Calls `body` with the trimmed elements of a comma-separated list; empty ones are skipped.
    func forEachElement<Failure>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        var start = 0
        while start <= count {
            let end = firstIndex(of: 0x2C, from: start) ?? count
            let element = trimmedRange(start..<end)
            if !element.isEmpty { try body(extracting(element)) }
            start = end + 1
        }
    }
}

extension HTTPClientError {
    /// The text of an error number, for logs.
    static func text(ofErrno code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
