import JSON

/// The beginning of a block.
enum AnthropicBlock: Equatable {
    case text
    case thinking
    case redacted(String)
    case call(id: String, name: String, signature: String?)
    /// No block of its own: the signature of the thought before.
    case signature(String)

    func write(_ json: inout JSONWriter) {
        json.object { block in
            switch self {
            case .text:
                block.field("type", "text")
                block.field("text", "")
            case .thinking, .signature:
                block.field("type", "thinking")
                block.field("thinking", "")
                block.field("signature", "")
            case .redacted(let data):
                block.field("type", "redacted_thinking")
                block.field("data", data)
            case .call(let id, let name, let signature):
                block.field("type", "tool_use")
                block.field("id", id)
                block.field("name", name)
                block.field("input", raw: [UInt8(ascii: "{"), UInt8(ascii: "}")])
                block.field("signature", signature)
            }
        }
    }
}

/// The server-sent events of Anthropic's streams.
enum AnthropicFrames {
    static let ping = Array("event: ping\ndata: {\"type\":\"ping\"}\n\n".utf8)
    static let stop = Array("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".utf8)

    /// One event.
    static func event(_ name: StaticString, _ data: [UInt8], into out: inout [UInt8]) {
        head(name, into: &out)
        out += data
        out += end
    }

    /// More of the open block.
    static func delta(
        _ index: Int, _ type: StaticString, _ member: StaticString, _ text: String, into out: inout [UInt8]
    ) {
        out += deltaHead
        digits(index, into: &out)
        out += deltaMiddle
        append(type, to: &out)
        out += comma
        append(member, to: &out)
        out += colon
        out += JSONWriter.quoted(text)
        out += deltaEnd
    }

    /// The end of a block.
    static func blockStop(_ index: Int, into out: inout [UInt8]) {
        out += stopHead
        digits(index, into: &out)
        out.append(UInt8(ascii: "}"))
        out += end
    }

    private static let end: [UInt8] = [10, 10]
    private static let deltaHead = Array(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":".utf8)
    private static let deltaMiddle = Array(",\"delta\":{\"type\":\"".utf8)
    private static let comma = Array("\",\"".utf8)
    private static let colon = Array("\":".utf8)
    private static let deltaEnd = Array("}}\n\n".utf8)
    private static let stopHead = Array(
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":".utf8)
    private static let eventName = Array("event: ".utf8)
    private static let dataName = Array("\ndata: ".utf8)

    private static func head(_ name: StaticString, into out: inout [UInt8]) {
        out += eventName
        append(name, to: &out)
        out += dataName
    }

    private static func append(_ text: StaticString, to out: inout [UInt8]) {
        text.withUTF8Buffer { unsafe out.append(contentsOf: $0) }
    }

    private static func digits(_ value: Int, into out: inout [UInt8]) {
        if value < 10 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
        } else {
            out += String(value).utf8
        }
    }
}
