/// What the answers in vendors' own protocols have in common.
enum VendorAnswer {
    /// The steps of a behaviour that needs no look at the request; `nil` for the others.
    static func fault(_ behaviour: Behaviour, error: (Int) -> [UInt8]) -> (any Steps)? {
        switch behaviour.kind {
        case .status(let code): whole(code, error(code))
        case .retryAfter(let seconds): whole(429, error(429), more: "Retry-After: \(seconds)\r\n")
        case .errorIn200: whole(200, error(400))
        default: Answer.fault(behaviour.kind)
        }
    }

    /// A stream of frames that are known from the start.
    static func stream(_ behaviour: Behaviour, type: String, _ frames: [[UInt8]], error: [UInt8]) -> any Steps {
        let isCRLF = behaviour.kind == .crlf
        return EventSteps(
            behaviour,
            EventSteps.Events(
                fields: "Content-Type: \(type)\r\n", count: frames.count, error: { _ in error },
                event: { place in isCRLF ? frames[place].flatMap { $0 == 10 ? [13, 10] : [$0] } : frames[place] }))
    }

    static func whole(_ code: Int, _ body: [UInt8], more: String = "") -> any Steps {
        FixedSteps([.write(Answer.whole(code, "application/json", body, more: more))])
    }

    /// A whole answer, or what becomes of it by the behaviour.
    static func plain(_ body: [UInt8], _ behaviour: Behaviour) -> any Steps {
        let answer = Answer.whole(200, "application/json", body)
        switch behaviour.kind {
        case .slowHead(let milliseconds): return FixedSteps([.wait(.milliseconds(milliseconds)), .write(answer)])
        case .cutJSON, .cutMidStream: return FixedSteps([.write(Array(answer.dropLast(body.count / 2))), .cut])
        case .splitUTF8: return FixedSteps(answer.map { .write([$0]) })
        case .invalidJSON: return whole(200, Array(#"{"message":{"content":["#.utf8))
        default: return FixedSteps([.write(answer)])
        }
    }

    /// The pieces of text of a stream.
    static func words(_ asked: Asked) -> [[UInt8]] {
        switch asked.behaviour.kind {
        case .echo, .huge: [PlainBody.text(asked)]
        case .splitUTF8: ["Žluťoučký ", "模型 ", "🙂 end"].map { Array($0.utf8) }
        default: (0..<asked.behaviour.chunks).map { Array("w\($0) ".utf8) }
        }
    }

    /// Bytes as a JSON string.
    static func json(_ text: [UInt8]) -> String {
        var out: [UInt8] = []
        out.appendJSON(text)
        return String(decoding: out, as: UTF8.self)
    }
}
