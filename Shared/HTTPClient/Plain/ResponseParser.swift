import HTTPCore

/// Reads answers off a connection, strictly by RFC 9112; does no I/O and copies only a line that is cut by the end of a read.
///
///     head ─┬─▶ counted body ──────┬─▶ end
///           ├─▶ chunked body ──────┤
///           ├─▶ body until close   │ (ends by `closed()`)
///           └─▶ no body ───────────┘
struct ResponseParser {
    enum Event: Equatable {
        /// The whole input is used up.
        case needMore
        /// The head of the final answer.
        case head(ResponseHead)
        /// These bytes of the input belong to the body.
        case body(Range<Int>)
        /// The answer is complete; bytes of the input that are left do not belong to it.
        case end
    }
    /// What it means that the peer closed here.
    enum Closing: Equatable {
        /// The body was to end like this.
        case complete
        case truncated
        /// Not even a head.
        case noAnswer
    }

    private enum State {
        case head
        case length(Int)
        case chunked
        case untilClose
        case done
    }

    private let isHead: Bool
    private let limit: Int
    private var assembler: HeadAssembler
    private var decoder = ChunkedDecoder()
    private var state = State.head
    private var line: [UInt8] = []

    /// Whether the connection may serve another request after this answer. Known once the head is.
    private(set) var keepsAlive = false

    /// The fields behind a chunked body.
    var trailers: HTTPHeaders { decoder.trailers }

    /// A parser for the answer to one request.
    init(isHead: Bool, headLimit: Int) {
        self.isHead = isHead
        limit = headLimit
        assembler = HeadAssembler(limit: headLimit)
    }

    /// Reads on in `input` from `place`, and moves it.
    mutating func next(_ input: Span<UInt8>, from place: inout Int) throws(HTTPClientError) -> Event {
        switch state {
        case .head:
            return try readHead(input, from: &place)
        case .length(let left):
            guard place < input.count else { return .needMore }
            let end = min(input.count, place + left)
            let range = place..<end
            place = end
            state = range.count == left ? .done : .length(left - range.count)
            return .body(range)
        case .chunked:
            return try readChunks(input, from: &place)
        case .untilClose:
            guard place < input.count else { return .needMore }
            let range = place..<input.count
            place = input.count
            return .body(range)
        case .done:
            return .end
        }
    }

    /// The peer closed.
    func closed() -> Closing {
        switch state {
        case .head: .noAnswer
        case .length, .chunked: .truncated
        case .untilClose, .done: .complete
        }
    }

    private mutating func readHead(_ input: Span<UInt8>, from place: inout Int) throws(HTTPClientError) -> Event {
        while let feed = input.firstIndex(of: 0x0A, from: place) {
            let step: HeadAssembler.Step
            if line.isEmpty {
                step = try assembler.take(input.extracting(place..<feed + 1))
            } else {
                var whole: [UInt8] = []
                swap(&whole, &line)
                whole.append(input.extracting(place..<feed + 1))
                step = try assembler.take(whole.span)
            }
            place = feed + 1
            guard step == .complete else { continue }
            let verdict = assembler.verdict(isHead: isHead)
            keepsAlive = verdict.keepsAlive
            state =
                switch verdict.body {
                case .none: .done
                case .length(let length): .length(length)
                case .chunked: .chunked
                case .untilClose: .untilClose
                }
            return .head(assembler.head)
        }
        line.append(input.extracting(place..<input.count))
        place = input.count
        guard line.count <= limit else { throw .tooLarge(limit: limit) }
        return .needMore
    }

    private mutating func readChunks(_ input: Span<UInt8>, from place: inout Int) throws(HTTPClientError) -> Event {
        let step: ChunkedDecoder.Step
        do throws(ChunkFault) {
            step = try decoder.step(input, from: place)
        } catch {
            throw .malformed(error.message)
        }
        switch step {
        case .data(let range):
            place = range.upperBound
            return .body(range)
        case .needMore:
            place = input.count
            return .needMore
        case .end(let end):
            place = end
            state = .done
            return .end
        }
    }
}
