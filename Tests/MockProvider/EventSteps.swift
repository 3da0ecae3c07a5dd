import EventLoop

/// A stream of events, each made when it is sent; pace and faults are those of the behaviour.
final class EventSteps: Steps {
    private let behaviour: Behaviour
    private let events: Events
    private let begin = MonotonicTime.now()
    private var position = -1
    private var hasWaited = false
    private var queue: [Step] = []
    private var isOver = false

    /// What a protocol says.
    struct Events {
        /// The head's fields, each with its line end; without the framing.
        var fields = "Content-Type: text/event-stream; charset=utf-8\r\n"
        var count: Int
        /// How many of them come at the pace of the behaviour, and have its faults in their middle; the rest follows at once. All unless told.
        var paced: Int?
        /// The event that ends a stream with an error, by its place.
        var error: (Int) -> [UInt8]
        /// The event at a place.
        var event: (Int) -> [UInt8]
    }

    init(_ behaviour: Behaviour, _ events: Events) {
        self.behaviour = behaviour
        self.events = events
    }

    func next() -> Step {
        while true {
            if let step = queue.popLast() { return step }
            if isOver { return .done }
            queue = following().reversed()
        }
    }

    private func following() -> [Step] {
        guard position >= 0 else {
            position = 0
            return head()
        }
        guard position < events.count else { return over() }
        if let step = pace() { return [step] }
        if position == (events.paced ?? events.count) / 2, let fault = fault() { return fault }
        defer { position += 1 }
        return framed(events.event(position))
    }

    private var isDelimited: Bool { behaviour.kind == .closeDelimited }

    private func head() -> [Step] {
        let framing = isDelimited ? "Connection: close" : "Transfer-Encoding: chunked"
        let head = Step.write(Array("HTTP/1.1 200 OK\r\n\(events.fields)\(framing)\r\n\r\n".utf8))
        switch behaviour.kind {
        case .slowHead(let milliseconds): return [.wait(.milliseconds(milliseconds)), head]
        case .errorFirst: return [head] + framed(events.error(0)) + over()
        default: return [head]
        }
    }

    /// The wait before an event, measured from the start so that delays do not add up.
    private func pace() -> Step? {
        guard behaviour.delay > 0, position > 0, position < events.paced ?? .max, !hasWaited else {
            hasWaited = false
            return nil
        }
        hasWaited = true
        let due = begin.advanced(by: .milliseconds(behaviour.delay * position))
        let now = MonotonicTime.now()
        return due > now ? .wait(now.duration(to: due)) : nil
    }

    /// What goes wrong in the middle, when something is to.
    private func fault() -> [Step]? {
        switch behaviour.kind {
        case .cutMidStream: return [.cut]
        case .resetMidStream: return [.wait(.milliseconds(50)), .reset]
        case .stallMidStream: return [.stall]
        case .errorInStream: return framed(events.error(position)) + over()
        case .invalidJSON:
            position += 1
            return framed(Array("data: {\"broken\":[{\"half\":\n\n".utf8))
        case .garbageInStream:
            position += 1
            return framed(Array("this is no field of a stream\n\n".utf8))
        default: return nil
        }
    }

    private func over() -> [Step] {
        isOver = true
        return isDelimited ? [.close] : [.write(Array("0\r\n\r\n".utf8))]
    }

    /// One event as one chunk of the body and one write, as vendors send it; byte by byte when told so.
    private func framed(_ event: [UInt8]) -> [Step] {
        if isDelimited { return [.write(event, isChunk: true)] }
        if behaviour.kind == .splitUTF8 { return event.map { .write(Array("1\r\n".utf8) + [$0, 13, 10]) } }
        return [.write(Array((String(event.count, radix: 16) + "\r\n").utf8) + event + [13, 10], isChunk: true)]
    }
}
