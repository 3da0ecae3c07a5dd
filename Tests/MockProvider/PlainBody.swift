import EventLoop

/// The bodies of answers that are not streams.
enum PlainBody {
    /// Tokens that every answer reports, unless told otherwise.
    static let promptTokens = 11
    static let completionTokens = 9

    static func make(_ asked: Asked) -> [UInt8] {
        switch asked.operation {
        case .chat: chat(asked)
        case .completion: completion(asked)
        case .embedding: embedding(asked)
        case .models:
            Array(
                #"{"object":"list","data":[{"id":"mock-model","object":"model","created":1700000000,"owned_by":"mock"}]}"#
                    .utf8)
        case .rerank:
            Array(
                #"{"id":"mock-rerank","results":[{"index":0,"relevance_score":0.9}],"usage":{"total_tokens":\#(promptTokens)}}"#
                    .utf8)
        case .other: Array(#"{"id":"mock","data":[],"text":"mock"}"#.utf8)
        case .unknown: Answer.error(404)
        }
    }

    /// The text of an answer.
    static func text(_ asked: Asked) -> [UInt8] { text(asked.behaviour, asked.request) }

    /// The text of an answer to a request whose model is not in its body.
    static func text(_ behaviour: Behaviour, _ request: MockRequest) -> [UInt8] {
        switch behaviour.kind {
        case .echo:
            var out = Array("{".utf8)
            request.appendMembers(to: &out)
            out.append("}")
            return out
        case .huge(let size):
            return [UInt8](repeating: UInt8(ascii: "h"), count: size << 20)
        case .splitUTF8:
            return Array("Žluťoučký 模型 🙂 end".utf8)
        default:
            let wanted = behaviour.size > 0 ? behaviour.size : 700
            return wanted == 700 ? standardText : filler(wanted)
        }
    }

    /// `w0 `, `w1 ` … of a stream so that a test sees order and gaps; with the time and the size that were asked for.
    static func word(_ number: Int, _ behaviour: Behaviour) -> [UInt8] {
        var out: [UInt8] = []
        if behaviour.isStamped { out.append("t=\(MonotonicTime.now().nanoseconds) ") }
        out.append("w\(number) ")
        if out.count < behaviour.size { out.append(contentsOf: filler(behaviour.size - out.count)) }
        return out
    }

    private static let standardText = filler(700)

    /// The usual text as JSON: in benchmarks the mock should cost little.
    private static let standardJSON: [UInt8] = {
        var out: [UInt8] = []
        out.appendJSON(standardText)
        return out
    }()

    /// Words up to a size.
    static func filler(_ size: Int) -> [UInt8] {
        let words = Array("The switchboard connects one line to another and notes when it did. ".utf8)
        return (0..<size).map { words[$0 % words.count] }
    }

    static func usage(completion: Int) -> String {
        """
        {"prompt_tokens":\(promptTokens),"completion_tokens":\(completion),"total_tokens":\(promptTokens + completion),\
        "prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":2}}
        """
    }

    private static func chat(_ asked: Asked) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(1400)
        out.append(#"{"id":"chatcmpl-mock","object":"chat.completion","created":1700000000,"model":"#)
        out.appendJSON(asked.model.utf8)
        out.append(#","choices":[{"index":0,"message":{"role":"assistant","content":"#)
        let calls = asked.toolCalls
        if calls.isEmpty, asked.behaviour.kind == .normal, asked.behaviour.size == 0 {
            out.append(contentsOf: standardJSON)
        } else if calls.isEmpty {
            out.appendJSON(text(asked))
            if asked.behaviour.kind == .reasoning { out.append(#","reasoning_content":"first I think""#) }
        } else {
            out.append(#"null,"tool_calls":["#)
            for (place, name) in calls.enumerated() {
                out.append(place == 0 ? "" : ",")
                out.append(
                    #"{"id":"call_\#(place)","type":"function","function":{"name":"\#(name)","arguments":"{\"city\":\"Paris\"}"}}"#
                )
            }
            out.append("]")
        }
        out.append(#"},"logprobs":null,"finish_reason":"\#(asked.finishReason)"}]"#)
        finish(&out, asked)
        return out
    }

    private static func completion(_ asked: Asked) -> [UInt8] {
        var out: [UInt8] = []
        out.append(#"{"id":"cmpl-mock","object":"text_completion","created":1700000000,"model":"#)
        out.appendJSON(asked.model.utf8)
        out.append(#","choices":[{"index":0,"text":"#)
        out.appendJSON(text(asked))
        out.append(#","logprobs":null,"finish_reason":"stop"}]"#)
        finish(&out, asked)
        return out
    }

    private static func finish(_ out: inout [UInt8], _ asked: Asked) {
        if asked.behaviour.kind != .noUsage { out.append(",\"usage\":\(usage(completion: completionTokens))") }
        out.append(#","system_fingerprint":"fp_mock"}"#)
    }

    private static func embedding(_ asked: Asked) -> [UInt8] {
        let body = asked.request.body
        let input = asked.value("input") ?? 0..<0
        let count = LenientJSON.elements(body, input)?.count ?? 1
        let size = asked.value("dimensions").flatMap { Int(String(decoding: body[$0], as: UTF8.self)) } ?? 8
        let isBase64 = LenientJSON.text(body, asked.value("encoding_format")) == "base64"
        var out: [UInt8] = []
        out.append(#"{"object":"list","data":["#)
        for index in 0..<count {
            // Exact in binary, so that a test may compare for equality.
            let vector = (0..<size).map { Float(index) + Float($0) * 0.25 }
            out.append(index == 0 ? "" : ",")
            out.append(#"{"object":"embedding","index":\#(index),"embedding":"#)
            if isBase64 {
                out.append(
                    "\"\(base64(vector.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }))\""
                )
            } else {
                out.append("[" + vector.map { "\($0)" }.joined(separator: ",") + "]")
            }
            out.append("}")
        }
        out.append(#"],"model":"#)
        out.appendJSON(asked.model.utf8)
        out.append(#","usage":{"prompt_tokens":\#(promptTokens),"total_tokens":\#(promptTokens)}}"#)
        return out
    }

    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for place in 0..<3 { bits = bits << 8 | Int(place < group.count ? group[start + place] : 0) }
            for place in 0..<4 {
                out.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
