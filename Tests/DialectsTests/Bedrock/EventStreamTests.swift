import FuzzSupport
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Amazon's frames")
struct EventStreamTests {
    private struct Frame: Equatable {
        let kind: EventStreamFrame.Kind
        let name: String
        let message: String
        let payload: [UInt8]
    }

    /// All frames of a stream that comes in pieces.
    private func frames(_ pieces: [[UInt8]]) throws -> [Frame] {
        var splitter = EventStreamSplitter()
        var found: [Frame] = []
        for piece in pieces {
            splitter.append(piece)
            while let frame = try splitter.next() {
                let text = { (range: Range<Int>) in String(decoding: splitter.bytes[range], as: UTF8.self) }
                found.append(
                    Frame(
                        kind: frame.kind, name: text(frame.name), message: text(frame.message),
                        payload: Array(splitter.bytes[frame.payload])))
            }
        }
        try #require(splitter.waiting == 0)
        return found
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    @Test("the checksum is zlib's")
    func checksum() {
        let digits = Array("123456789".utf8)
        #expect(CRC32.of(digits, 0..<9) == 0xCBF4_3926)
        #expect(CRC32.of(digits, 3..<3) == 0)
    }

    /// Those that AWS's own SDKs are tested with.
    static let vectors = [
        ("000000100000000005c248eb7d98c8ff", ""),
        ("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936", "{'foo':'bar'}"),
        ("0000002b0000000e348bec7b086576656e742d6964040000a00c7b27666f6f273a27626172277dd3890285", "{'foo':'bar'}"),
        (
            "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1",
            "{'foo':'bar'}"
        ),
        // Headers of every type.
        (
            "000000cc000000af0fae64ca0a6576656e742d74797065040000a00c0c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0a626f6f6c2066616c73650109626f6f6c207472756500046279746502cf08627974652062756606001449276d2061206c6974746c6520746561706f74210974696d657374616d70080000000000845fed05696e74313603002a05696e7436340500000000028757b20475756964090102030405060708090a0b0c0d0e0f107b27666f6f273a27626172277daba5f10c",
            "{'foo':'bar'}"
        ),
    ]

    @Test("published frames are read, however they are cut", arguments: vectors)
    func published(hex: String, payload: String) throws {
        let bytes = Self.bytes(hex)
        for pieces in StreamSplits.pieces(bytes + bytes) {
            let found = try frames(pieces)
            #expect(found.count == 2 && found.allSatisfy { $0.payload == Array(payload.utf8) && $0.kind == .event })
        }
    }

    @Test("what a frame tells stands in its headers, in any order, among others")
    func headers() throws {
        let chunk = FrameFixture.chunk("{}")
        let exception = FrameFixture.exception("throttlingException", #"{"message":"m"}"#)
        let error = FrameFixture.frame(
            rawHeaders: FrameFixture.header("x", ":event-type") + [4, 116, 105, 109, 101, 8] + [UInt8](1...8)
                + FrameFixture.header(":error-code", "c") + FrameFixture.header(":message-type", "error")
                + FrameFixture.header(":error-message", "m"), [])
        let found = try frames([chunk + exception + error])
        #expect(found.map(\.kind) == [.event, .exception, .error])
        #expect(found.map(\.name) == ["chunk", "throttlingException", "c"])
        #expect(found.map(\.message) == ["", "", "m"] && found[2].payload.isEmpty)
    }

    @Test("a frame with any bit changed is no frame")
    func broken() throws {
        let good = FrameFixture.chunk(#"{"type":"ping"}"#)
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 1 << UInt8(place % 8)
            var splitter = EventStreamSplitter()
            splitter.append(bytes)
            let error = #expect(throws: UpstreamError.self, "byte \(place)") { try splitter.next() }
            #expect(error?.status == 502 && error?.code == .string(UpstreamError.badResponse))
            splitter.append(good)
            #expect(throws: UpstreamError.self) { try splitter.next() }
        }
    }

    /// The first twelve bytes of a frame.
    private func head(_ length: Int, _ headers: Int) -> [UInt8] {
        let lengths = FrameFixture.number(length) + FrameFixture.number(headers)
        return lengths + FrameFixture.number(Int(CRC32.of(lengths, lengths.indices)))
    }

    @Test(
        "lengths that cannot be are refused before anything is waited for",
        arguments: [
            (0, 0), (15, 0), (16, 1), (20, 5), (0xFFFF_FFFF, 0), (EventStreamSplitter.maxFrameBytes + 1, 0),
            (1_000_000, EventStreamSplitter.maxHeaderBytes + 1), (100, 0xFFFF_FFFF),
        ])
    func lengths(length: Int, headers: Int) {
        var splitter = EventStreamSplitter()
        splitter.append(head(length, headers))
        #expect(throws: UpstreamError.self) { try splitter.next() }
    }

    @Test("the largest frame is waited for")
    func largest() throws {
        var splitter = EventStreamSplitter()
        splitter.append(head(EventStreamSplitter.maxFrameBytes, 0))
        #expect(try splitter.next() == nil)
        let payload = [UInt8](repeating: 120, count: EventStreamSplitter.maxFrameBytes - 16)
        #expect(try frames([FrameFixture.frame(rawHeaders: [], payload)]).first?.payload == payload)
    }

    @Test(
        "headers that reach out of their frame, or have a type of unknown size, are refused",
        arguments: [
            [1], [200], [1, 97], [255] + [UInt8](repeating: 97, count: 20), [1, 97, 10], [1, 97, 255], [1, 97, 2],
            [1, 97, 3, 0], [1, 97, 4, 0, 0, 0], [1, 97, 5, 0], [1, 97, 6], [1, 97, 7, 0], [1, 97, 7, 0, 1],
            [1, 97, 7, 255, 255, 97], [1, 97, 8, 0], [1, 97, 9, 0], [1, 97, 0, 1],
        ] as [[UInt8]])
    func badHeaders(raw: [UInt8]) {
        var splitter = EventStreamSplitter()
        splitter.append(FrameFixture.frame(rawHeaders: raw, Array("payload behind".utf8)))
        #expect(throws: UpstreamError.self) { try splitter.next() }
    }

    @Test("headers without a value, without a name, and a text of no length are read")
    func smallHeaders() throws {
        let raw: [UInt8] = [1, 97, 0, 1, 98, 1, 0, 0, 1, 99, 7, 0, 0]
        #expect(try frames([FrameFixture.frame(rawHeaders: raw, [1])]).first?.payload == [1])
    }
}
