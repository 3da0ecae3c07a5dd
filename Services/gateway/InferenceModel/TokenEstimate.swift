import JSON

/// How many tokens a request has, roughly: for counts that no upstream makes. The same numbers for every protocol.
///
/// Text: one token for four bytes of UTF-8, rounded up for the request as a whole. Media: the numbers below, from the vendors' documentation of what a usual one costs.
package enum TokenEstimate {
    /// Bytes of text in one token.
    package static let bytesPerToken = 4
    /// What each turn, tool, call and result takes beside its texts.
    package static let overhead = 4
    /// An image that is looked at closely; 85 for `detail: low`.
    package static let image = 1000
    package static let lowDetailImage = 85
    /// A sound or film of unknown length, and a document of unknown size.
    package static let audio = 1000
    package static let video = 5000
    package static let document = 2000

    /// The tokens of a request; at least 1.
    package static func tokens(of request: InferenceRequest) -> Int {
        var count = Count()
        for block in request.system { count.text(block.text) }
        for turn in request.turns {
            count.fixed += overhead
            for part in turn.parts { count.part(part) }
        }
        for tool in request.tools {
            count.fixed += overhead
            switch tool {
            case .function(let function):
                count.text(function.name)
                count.text(function.description ?? "")
                if let parameters = function.parameters { count.json(parameters) }
            case .hosted(let hosted): count.json(hosted.definition)
            }
        }
        if case .jsonSchema(_, let schema, _, _)? = request.format { count.json(schema) }
        return count.total
    }

    /// The tokens of texts.
    package static func tokens(of texts: [String]) -> Int {
        var count = Count()
        for text in texts { count.text(text) }
        return count.total
    }

    /// Sums that cannot overflow: they are of bytes that were held in memory.
    private struct Count {
        var bytes = 0
        var fixed = 0

        var total: Int { max(1, (bytes + bytesPerToken - 1) / bytesPerToken + fixed) }

        mutating func text(_ text: String) {
            bytes += text.utf8.count
        }

        mutating func json(_ value: JSONValue) {
            bytes += value.serialized().count
        }

        mutating func part(_ part: Part) {
            switch part {
            case .text(let text, _), .refusal(let text): self.text(text)
            case .thinking(let thinking): text(thinking.text)
            case .media(let media): self.media(media)
            case .toolCall(let call):
                fixed += overhead
                text(call.name)
                text(call.arguments)
            case .toolResult(let result):
                fixed += overhead
                for part in result.parts { self.part(part) }
            }
        }

        mutating func media(_ media: Media) {
            switch media.kind {
            case .image: fixed += media.detail == "low" ? lowDetailImage : image
            case .audio: fixed += audio
            case .video: fixed += video
            case .document:
                if case .base64(let data) = media.source, media.mediaType?.hasPrefix("text/") ?? false {
                    bytes += data.utf8.count / 4 * 3
                } else {
                    fixed += document
                }
            }
        }
    }
}
