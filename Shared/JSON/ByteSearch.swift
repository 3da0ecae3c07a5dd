import CSimdJSON

/// Finds text in bytes at the speed of the C library, for the question whether a rare edit is needed at all.
package enum ByteSearch {
    /// Where the text stands first in a range of the bytes, counted from their start; nil when it stands nowhere.
    package static func first(_ text: StaticString, in bytes: [UInt8], _ range: Range<Int>) -> Int? {
        let found = unsafe bytes.withUnsafeBytes { buffer in
            let part = unsafe UnsafeRawBufferPointer(rebasing: buffer[range])
            return unsafe sbjson_find(part.baseAddress, part.count, text.utf8Start, text.utf8CodeUnitCount)
        }
        // C's size_t is Int here, its largest value -1.
        return found < 0 ? nil : range.lowerBound + found
    }

    /// Whether the text stands in a range of the bytes.
    package static func has(_ text: StaticString, in bytes: [UInt8], _ range: Range<Int>) -> Bool {
        first(text, in: bytes, range) != nil
    }
}
