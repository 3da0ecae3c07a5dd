package import InferenceModel
package import JSON

/// The media that a request of Anthropic's protocol names by address, and the same request with bytes in their place: every other byte stays as it is.
struct AnthropicAddresses {
    /// One `source` of an image or a document.
    struct Named {
        let kind: Media.Kind
        let address: String
        /// Where the source stands in the body.
        let range: Range<Int>
    }

    private let bytes: [UInt8]
    private let kinds: Set<Media.Kind>
    private let parser: JSONParser
    private(set) var found: [Named] = []

    /// Looks for the media of these kinds in the messages, also inside results of tools and documents.
    init(_ request: AnthropicRequest, _ kinds: Set<Media.Kind>, parser: JSONParser) {
        bytes = request.body
        self.kinds = kinds
        self.parser = parser
        guard let messages = request.index["messages"], messages.kind == .array,
            ByteSearch.has("\"url\"", in: bytes, messages.range)
        else { return }
        for message in JSONWalk.elements(bytes, messages.range) {
            if let content = JSONWalk.member(bytes, message, "content") { collect(content) }
        }
    }

    /// The depth is bounded by the parser that read the request.
    private mutating func collect(_ content: Range<Int>) {
        for block in JSONWalk.elements(bytes, content) {
            guard let type = JSONWalk.member(bytes, block, "type") else { continue }
            if JSONWalk.equals(bytes, type, "\"image\"") {
                take(block, .image)
            } else if JSONWalk.equals(bytes, type, "\"document\"") {
                take(block, .document)
            } else if JSONWalk.equals(bytes, type, "\"tool_result\""),
                let inner = JSONWalk.member(bytes, block, "content")
            {
                collect(inner)
            }
        }
    }

    private mutating func take(_ block: Range<Int>, _ kind: Media.Kind) {
        guard let source = JSONWalk.member(bytes, block, "source"),
            let type = JSONWalk.member(bytes, source, "type")
        else { return }
        if JSONWalk.equals(bytes, type, "\"content\""), let inner = JSONWalk.member(bytes, source, "content") {
            collect(inner)
        } else if kinds.contains(kind), JSONWalk.equals(bytes, type, "\"url\""),
            let place = JSONWalk.member(bytes, source, "url"),
            let address = (try? parser.parse(bytes, in: place))?.string
        {
            found.append(Named(kind: kind, address: address, range: source))
        }
    }

    /// The body with bytes in the place of the addresses for which there are some.
    func inlined(_ data: (String) -> (base64: String, type: String)?) -> [UInt8] {
        var out: [UInt8] = []
        var place = 0
        for named in found {
            guard let (base64, type) = data(named.address) else { continue }
            out += bytes[place..<named.range.lowerBound]
            var json = JSONWriter(reserving: base64.utf8.count + 80)
            json.object { source in
                source.field("type", "base64")
                source.field("media_type", type)
                source.field("data", base64)
            }
            out += json.bytes
            place = named.range.upperBound
        }
        return out + bytes[place...]
    }
}

extension AnthropicCall: MediaCall {
    package func named(_ kinds: Set<Media.Kind>, parser: JSONParser) -> [Media] {
        AnthropicAddresses(request, kinds, parser: parser).found.map { Media($0.kind, .url($0.address)) }
    }

    package func inlined(
        _ kinds: Set<Media.Kind>, parser: JSONParser, _ data: (String) -> (base64: String, type: String)?
    ) throws(InvalidRequest) -> any CallerCall {
        let body = AnthropicAddresses(request, kinds, parser: parser).inlined(data)
        return AnthropicCall(try AnthropicRequest(request, body: body, parser: parser))
    }
}
