import JSON
import Testing

@Suite("Byte search")
struct ByteSearchTests {
    private let bytes = Array(#"{"a":"b","required":[]}"#.utf8)

    @Test("a text is found at its first place, counted from the start of the bytes")
    func found() {
        #expect(ByteSearch.first(#""required""#, in: bytes, bytes.indices) == 9)
        #expect(ByteSearch.first(#"""#, in: bytes, 2..<bytes.count) == 3)
        #expect(ByteSearch.has("[]}", in: bytes, bytes.indices))
    }

    @Test("a text is not found outside the range, nor where it is cut")
    func notFound() {
        #expect(ByteSearch.first(#""required""#, in: bytes, 10..<bytes.count) == nil)
        #expect(ByteSearch.first(#""required""#, in: bytes, 0..<18) == nil)
        #expect(!ByteSearch.has("x", in: [], 0..<0))
        #expect(!ByteSearch.has("longer than all", in: [1, 2], 0..<2))
    }
}
