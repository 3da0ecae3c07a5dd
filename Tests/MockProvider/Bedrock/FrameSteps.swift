/// A stream of server-sent events in Amazon's frames instead; the bytes are cut where it hurts: the end of each frame comes with the next one.
final class FrameSteps: Steps {
    private let inner: any Steps
    private let kind: Behaviour.Kind
    private var queue: [Step] = []
    private var isOver = false
    private var hasHead = false
    /// Events that are not complete yet.
    private var text: [UInt8] = []
    /// Bytes of frames that wait for more.
    private var held: [UInt8] = []
    private var frames = 0
    private var deltas = 0

    /// The bytes of a frame that come with the next one: its checksum, and a part of its payload.
    private static let tail = 7

    init(_ inner: any Steps, _ kind: Behaviour.Kind) {
        self.inner = inner
        self.kind = kind
    }

    func next() -> Step {
        while true {
            if let step = queue.popLast() { return step }
            if isOver { return .done }
            queue = following().reversed()
        }
    }

    private func following() -> [Step] {
        let step = inner.next()
        guard case .write(let bytes, _) = step else {
            if case .done = step { isOver = true }
            return [step]
        }
        guard hasHead else {
            hasHead = true
            return [
                .write(
                    Array(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nX-Amzn-Bedrock-Content-Type: application/json\r\nx-amzn-RequestId: bedrock-mock\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .utf8))
            ]
        }
        let line = bytes.prefix { $0 != 13 }
        guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16), size > 0 else { return end() }
        text += bytes.dropFirst(line.count + 2).prefix(size)
        var steps: [Step] = []
        while !isOver, let event = takeEvent() { steps += sent(event) }
        return steps
    }

    /// The data of the next event that is complete.
    private func takeEvent() -> [UInt8]? {
        guard let end = text.indices.dropLast().first(where: { text[$0] == 10 && text[$0 + 1] == 10 }) else {
            return nil
        }
        let lines = text[..<end].split(separator: 10)
        text.removeFirst(end + 2)
        return lines.first { $0.starts(with: Array("data: ".utf8)) }.map { Array($0.dropFirst(6)) } ?? []
    }

    private func sent(_ event: [UInt8]) -> [Step] {
        frames += 1
        if frames == 5, case .exception(let status) = kind { return exception(Self.names[status] ?? "other") + end() }
        if event.starts(with: Array(#"{"type":"error""#.utf8)) { return exception("throttlingException") + end() }
        if event.starts(with: Array(#"{"type":"content_block_delta""#.utf8)) { deltas += 1 }
        var event = event
        if event == Array(#"{"type":"message_stop"}"#.utf8) {
            event.removeLast()
            event.append(
                #","amazon-bedrock-invocationMetrics":{"inputTokenCount":8,"outputTokenCount":\#(deltas),"invocationLatency":9,"firstByteLatency":3,"cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":0}}"#
            )
        }
        let payload = Array(#"{"bytes":"\#(PlainBody.base64(event))","p":"abcdefgh"}"#.utf8)
        var frame = Self.frame([(":event-type", "chunk"), (":message-type", "event")], payload)
        if frames == 5, kind == .brokenChecksum { frame[frame.count - 1] ^= 1 }
        return pieces(frame)
    }

    private static let names = [
        400: "validationException", 408: "modelTimeoutException", 429: "throttlingException",
        500: "modelStreamErrorException", 503: "serviceUnavailableException",
    ]

    private func exception(_ name: String) -> [Step] {
        pieces(
            Self.frame(
                [(":exception-type", name), (":message-type", "exception")],
                Array(#"{"message":"mock \#(name)"}"#.utf8)))
    }

    private func end() -> [Step] {
        isOver = true
        return (held.isEmpty ? [] : [chunk(held)]) + [.write(Array("0\r\n\r\n".utf8))]
    }

    /// The end of the frame before, the beginning of this one up to the middle of its lengths, and most of the rest.
    private func pieces(_ frame: [UInt8]) -> [Step] {
        if kind == .splitUTF8 { return frame.map { chunk([$0]) } }
        let first = held + frame.prefix(6)
        let middle = Array(frame.dropFirst(6).dropLast(Self.tail))
        held = frame.suffix(Self.tail)
        return [chunk(first), chunk(middle)]
    }

    private func chunk(_ bytes: [UInt8]) -> Step {
        .write(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10], isChunk: true)
    }

    // MARK: Frames

    private static func frame(_ headers: [(String, String)], _ payload: [UInt8]) -> [UInt8] {
        // A time is among the headers, for readers that know texts only.
        var raw: [UInt8] = [4] + Array("date".utf8) + [8, 0, 0, 1, 2, 3, 4, 5, 6]
        for (name, value) in headers + [(":content-type", "application/json")] {
            raw.append(UInt8(name.utf8.count))
            raw += name.utf8
            raw += [7, 0, UInt8(value.utf8.count)]
            raw += value.utf8
        }
        var out = number(UInt32(raw.count + payload.count + 16)) + number(UInt32(raw.count))
        out += number(checksum(out))
        out += raw + payload
        return out + number(checksum(out))
    }

    private static func number(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var rest = UInt32.max
        for byte in bytes {
            rest ^= UInt32(byte)
            for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
        }
        return ~rest
    }
}
