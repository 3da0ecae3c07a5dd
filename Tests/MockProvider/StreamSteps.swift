import EventLoop

/// A stream of chunks, made while it is sent.
final class StreamSteps: Steps {
    private enum Stage {
        case head
        case chunks
        case finish
        case usage
        case doneLine
        case end
        case over
    }

    private let asked: Asked
    private let frames: ChunkFrames
    private let begin = MonotonicTime.now()
    private var stage = Stage.head
    private var position = 0
    private var hasWaited = false
    private var queue: [Step] = []

    private var kind: Behaviour.Kind { asked.behaviour.kind }

    init(_ asked: Asked) {
        self.asked = asked
        frames = ChunkFrames(asked)
    }

    func next() -> Step {
        while true {
            if let step = queue.popLast() { return step }
            if stage == .over { return .done }
            queue = following().reversed()
        }
    }

    /// The steps of the next stage, or of the next chunk.
    private func following() -> [Step] {
        switch stage {
        case .head:
            stage = .chunks
            return head()
        case .chunks:
            guard position < frames.count else {
                stage = .finish
                return []
            }
            if let step = pace() { return [step] }
            if let fault = faultHere() { return fault }
            defer { position += 1 }
            return framed(frames.frame(position))
        case .finish:
            stage = .usage
            return kind == .noFinish ? [] : framed(frames.finish())
        case .usage:
            stage = .doneLine
            return asked.wantsUsage ? framed(frames.usage()) : []
        case .doneLine:
            stage = .end
            return kind == .noDone
                ? [] : framed(Array((kind == .crlf ? "data: [DONE]\r\n\r\n" : "data: [DONE]\n\n").utf8))
        case .end:
            stage = .over
            return kind == .closeDelimited ? [.close] : [.write(Array("0\r\n\r\n".utf8))]
        case .over:
            return []
        }
    }

    private func head() -> [Step] {
        let framing = kind == .closeDelimited ? "Connection: close" : "Transfer-Encoding: chunked"
        let head = Step.write(
            Array(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n\(framing)\r\n\r\n"
                    .utf8))
        switch kind {
        case .slowHead(let milliseconds): return [.wait(.milliseconds(milliseconds)), head]
        case .errorFirst: return [head] + framed(ChunkFrames.error) + over()
        default: return [head]
        }
    }

    /// The wait before the chunk at `position`, measured from the start so that delays do not add up.
    private func pace() -> Step? {
        guard asked.behaviour.delay > 0, position > 0, !hasWaited else {
            hasWaited = false
            return nil
        }
        hasWaited = true
        let due = begin.advanced(by: .milliseconds(asked.behaviour.delay * position))
        let now = MonotonicTime.now()
        return due > now ? .wait(now.duration(to: due)) : nil
    }

    /// What goes wrong in the middle, when something is to.
    private func faultHere() -> [Step]? {
        guard position == frames.count / 2 else { return nil }
        switch kind {
        case .cutMidStream: return [.cut]
        case .resetMidStream: return [.wait(.milliseconds(50)), .reset]
        case .stallMidStream: return [.stall]
        case .errorInStream: return framed(ChunkFrames.error) + over()
        case .invalidJSON:
            position += 1
            return framed(Array("data: {\"choices\":[{\"delta\":\n\n".utf8))
        case .garbageInStream:
            position += 1
            return framed(Array("this is no field of a stream\n\n".utf8))
        default: return nil
        }
    }

    private func over() -> [Step] {
        stage = .over
        return [.write(Array("0\r\n\r\n".utf8))]
    }

    /// One event as one chunk of the body and one write, as vendors send it; byte by byte when told so.
    private func framed(_ event: [UInt8]) -> [Step] {
        if kind == .closeDelimited { return [.write(event, isChunk: true)] }
        var out: [UInt8] = []
        out.reserveCapacity(event.count + 12)
        if kind == .splitUTF8 {
            return event.map { .write(Array("1\r\n".utf8) + [$0, 13, 10]) }
        }
        out.append(String(event.count, radix: 16) + "\r\n")
        out.append(contentsOf: event)
        out.append("\r\n")
        return [.write(out, isChunk: true)]
    }
}
