/// Images, speech, transcription, translation and moderations. What OpenAI would refuse is refused, so that a form that was rebuilt wrongly fails.
enum OperationAnswer {
    enum Kind: String {
        case images = "/images/generations"
        case edits = "/images/edits"
        case variations = "/images/variations"
        case speech = "/audio/speech"
        case transcription = "/audio/transcriptions"
        case translation = "/audio/translations"
        case moderation = "/moderations"

        init?(path: Substring) {
            let all: [Kind] = [
                .images, .edits, .variations, .speech, .transcription, .translation, .moderation,
            ]
            guard let kind = all.first(where: { path.hasSuffix($0.rawValue) }) else { return nil }
            self = kind
        }

        var takesForm: Bool {
            switch self {
            case .edits, .variations, .transcription, .translation: true
            case .images, .speech, .moderation: false
            }
        }
    }

    /// The good answer of an operation, or what is wrong with its request.
    static func steps(_ kind: Kind, _ asked: Asked) -> any Steps {
        switch kind {
        case .images: return images(asked)
        case .speech: return speech(asked)
        case .moderation: return moderation(asked)
        case .edits, .variations, .transcription, .translation:
            guard let form = asked.form else { return refusal("the body is no complete form") }
            return kind == .edits || kind == .variations
                ? edits(asked, form, needsPrompt: kind == .edits)
                : transcription(asked, form, mayStream: kind == .transcription)
        }
    }

    // MARK: Images

    private static func images(_ asked: Asked) -> any Steps {
        let body = asked.request.body
        guard let prompt = LenientJSON.text(body, asked.value("prompt")), !prompt.isEmpty else {
            return refusal("prompt is missing")
        }
        let count = asked.value("n").flatMap { Int(String(decoding: body[$0], as: UTF8.self)) } ?? 1
        let wantsURL = LenientJSON.text(body, asked.value("response_format")) == "url"
        return pictures(
            asked, count: count, wantsURL: wantsURL, told: "prompt=\(prompt)", event: "image_generation")
    }

    /// Tells in `revised_prompt` which files came, in order, so that a test sees what became of them.
    private static func edits(_ asked: Asked, _ form: FormParts, needsPrompt: Bool) -> any Steps {
        let files = form.files("image")
        guard !files.isEmpty else { return refusal("image is missing") }
        guard files.allSatisfy({ $0.value.starts(with: [0x89, 0x50, 0x4E, 0x47]) }) else {
            return refusal("image is no PNG")
        }
        if needsPrompt, form.text("prompt")?.isEmpty ?? true { return refusal("prompt is missing") }
        let told = form.parts.map { part in
            guard let file = part.fileName else { return "\(part.name)=\(String(decoding: part.value, as: UTF8.self))" }
            return "\(part.name)=\(file):\(part.contentType ?? "-"):\(part.value.count):\(adler32(part.value))"
        }
        return pictures(
            asked, count: form.text("n").flatMap { Int($0) } ?? 1, wantsURL: false,
            told: told.joined(separator: "|"), event: "image_edit")
    }

    private static func pictures(_ asked: Asked, count: Int, wantsURL: Bool, told: String, event: String) -> any Steps {
        let usage =
            #"{"input_tokens":11,"output_tokens":9,"total_tokens":20,"input_tokens_details":{"text_tokens":8,"image_tokens":3}}"#
        guard !asked.wantsStream else {
            var events: [(String, String)] = (0..<2).map {
                ("\(event).partial_image", #""b64_json":"cGFydA==","partial_image_index":\#($0)"#)
            }
            events.append(("\(event).completed", #""b64_json":"bW9jaw==","usage":\#(usage)"#))
            return stream(asked, events)
        }
        var out = Array(#"{"created":1700000000,"data":["#.utf8)
        for place in 0..<count {
            out.append(place == 0 ? "{" : ",{")
            out.append(wantsURL ? #""url":"https://mock.invalid/\#(place).png""# : #""b64_json":"bW9jaw==""#)
            out.append(#","revised_prompt":"#)
            out.appendJSON(told.utf8)
            out.append("}")
        }
        out.append("],\"usage\":\(usage)}")
        return FixedSteps([.write(Answer.whole(200, "application/json", out))])
    }

    // MARK: Sound

    private static func speech(_ asked: Asked) -> any Steps {
        let body = asked.request.body
        guard LenientJSON.text(body, asked.value("input"))?.isEmpty == false else { return refusal("input is missing") }
        if LenientJSON.text(body, asked.value("stream_format")) == "sse" {
            var events = (0..<asked.behaviour.chunks).map { _ in ("speech.audio.delta", #""audio":"/+uQAA==""#) }
            events.append(
                ("speech.audio.done", #""usage":{"input_tokens":11,"output_tokens":9,"total_tokens":20}"#))
            return stream(asked, events)
        }
        guard asked.model.hasPrefix("mock-stream") else {
            let sound: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0x80, count: 400)
            return FixedSteps([.write(Answer.whole(200, "audio/mpeg", sound))])
        }
        let pieces = (0..<asked.behaviour.chunks).map { number in
            [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 996)
        }
        return chunked(asked, type: "audio/mpeg", pieces)
    }

    /// Tells in its text how many bytes came and their checksum.
    private static func transcription(_ asked: Asked, _ form: FormParts, mayStream: Bool) -> any Steps {
        guard let file = form.files("file").first else { return refusal("file is missing") }
        let text = "heard \(file.value.count) bytes, sum \(adler32(file.value)), of \(file.fileName ?? "")"
        let usage = #"{"type":"tokens","input_tokens":11,"output_tokens":9,"total_tokens":20}"#
        if mayStream, asked.wantsStream {
            var events = text.split(separator: " ").map { ("transcript.text.delta", #""delta":"\#($0) ""#) }
            events.append(("transcript.text.done", #""text":"\#(text)","usage":\#(usage)"#))
            return stream(asked, events)
        }
        switch form.text("response_format") {
        case nil, "json", "verbose_json":
            return FixedSteps([
                .write(
                    Answer.whole(
                        200, "application/json", Array(#"{"text":"\#(text)","duration":3.5,"usage":\#(usage)}"#.utf8)))
            ])
        case "text":
            return FixedSteps([.write(Answer.whole(200, "text/plain; charset=utf-8", Array("\(text)\n".utf8)))])
        case "srt":
            let srt = "1\n00:00:00,000 --> 00:00:03,500\n\(text)\n\n"
            return FixedSteps([.write(Answer.whole(200, "text/plain; charset=utf-8", Array(srt.utf8)))])
        default:
            return refusal("response_format is unknown")
        }
    }

    // MARK: Moderations

    private static func moderation(_ asked: Asked) -> any Steps {
        let body = asked.request.body
        guard let input = asked.value("input") else { return refusal("input is missing") }
        let count = LenientJSON.elements(body, input)?.count ?? 1
        var out = Array(#"{"id":"modr-mock","model":"#.utf8)
        out.appendJSON(asked.model.utf8)
        out.append(#","results":["#)
        for place in 0..<count {
            out.append(place == 0 ? "" : ",")
            out.append(
                #"{"flagged":\#(place == 0),"categories":{"violence":\#(place == 0)},"category_scores":{"violence":0.5}}"#
            )
        }
        out.append("]}")
        return FixedSteps([.write(Answer.whole(200, "application/json", out))])
    }

    // MARK: Frames

    private static func refusal(_ message: String) -> any Steps {
        let body = #"{"error":{"message":"\#(message)","type":"invalid_request_error","param":null,"code":null}}"#
        return FixedSteps([.write(Answer.whole(400, "application/json", Array(body.utf8)))])
    }

    private static func stream(_ asked: Asked, _ events: [(type: String, members: String)]) -> any Steps {
        var pieces = events.map { event in
            Array("event: \(event.type)\ndata: {\"type\":\"\(event.type)\",\(event.members)}\n\n".utf8)
        }
        if asked.behaviour.kind == .errorInStream { pieces.insert(ChunkFrames.error, at: pieces.count / 2) }
        return chunked(asked, type: "text/event-stream", pieces)
    }

    private static func chunked(_ asked: Asked, type: String, _ pieces: [[UInt8]]) -> any Steps {
        var steps: [Step] = [
            .write(Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
        ]
        for (place, piece) in pieces.enumerated() {
            if place == pieces.count / 2 {
                switch asked.behaviour.kind {
                case .cutMidStream: return FixedSteps(steps + [.cut])
                case .stallMidStream: return FixedSteps(steps + [.stall])
                default: break
                }
            }
            if place > 0, asked.behaviour.delay > 0 { steps.append(.wait(.milliseconds(asked.behaviour.delay))) }
            let size = String(piece.count, radix: 16)
            steps.append(.write(Array("\(size)\r\n".utf8) + piece + [13, 10], isChunk: true))
        }
        return FixedSteps(steps + [.write(Array("0\r\n\r\n".utf8))])
    }

    /// The checksum of zlib (RFC 1950), which Python has too.
    private static func adler32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}
