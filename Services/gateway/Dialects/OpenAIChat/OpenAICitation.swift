import InferenceModel
import JSON

/// What OpenAI's protocols tell of a source of the web.
enum OpenAICitation {
    static func write(_ citation: Citation, to members: inout JSONWriter) {
        members.field("start_index", citation.range.lowerBound)
        members.field("end_index", citation.range.upperBound)
        members.field("url", citation.url)
        members.field("title", citation.title)
    }
}
