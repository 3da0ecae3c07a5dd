import InferenceModel
import JSON

/// Writes answers as `generateContent` gives them (contract providers §5.7).
struct GeminiAnswerWriter {
    private let context: UpstreamContext
    private lazy var parser = JSONParser()

    private static let noKeys = JSONKeys("id")

    init(_ context: UpstreamContext) {
        self.context = context
    }

    mutating func write(_ response: InferenceResponse) -> [UInt8] {
        var json = JSONWriter(reserving: 1024)
        json.beginObject()
        json.key("candidates")
        json.beginArray()
        for (index, choice) in response.choices.enumerated() { write(choice, index, &json) }
        json.endArray()
        if let usage = response.usage {
            json.key("usageMetadata")
            GeminiUsage.write(usage, &json)
        }
        json.field("modelVersion", context.requestedModel)
        json.field("responseId", response.id.isEmpty ? context.nonce : response.id)
        json.endObject()
        return json.bytes
    }

    private mutating func write(_ choice: Choice, _ index: Int, _ json: inout JSONWriter) {
        var malformed: String?
        json.beginObject()
        json.key("content")
        json.beginObject()
        json.key("parts")
        json.beginArray()
        var count = 0
        for part in choice.parts {
            switch part {
            case .text(let text, _), .refusal(let text): json.object { $0.field("text", text) }
            case .media(let media): json.object { GeminiMedia.write(media, &$0) }
            case .thinking(let thinking):
                guard thinking.redacted == nil else { continue }
                json.object { json in Self.write(thinking, &json) }
            case .toolCall(let call):
                guard write(call, &json) else {
                    malformed = call.name
                    continue
                }
            case .toolResult: continue
            }
            count += 1
        }
        if count == 0 { json.object { $0.field("text", "") } }
        json.endArray()
        json.field("role", "model")
        json.endObject()
        Self.writeFinish(choice.finish, malformed: malformed, &json)
        json.field("index", index)
        json.endObject()
    }

    /// The members of a part that holds a thought, or nothing but the signature of what was said.
    static func write(_ thinking: Thinking, _ json: inout JSONWriter) {
        json.field("text", thinking.text)
        if !thinking.text.isEmpty { json.field("thought", true) }
        json.field("thoughtSignature", thinking.signature)
    }

    /// A call as a part; false when its arguments are no JSON object, which Gemini's form cannot hold.
    mutating func write(_ call: ToolCall, _ json: inout JSONWriter) -> Bool {
        let text = call.arguments
        var arguments = Array(text.utf8)
        if arguments.allSatisfy({ $0 <= 32 }) { arguments = Array("{}".utf8) }
        guard (try? parser.scan(arguments, for: Self.noKeys)) != nil else { return false }
        json.object { json in
            json.key("functionCall")
            json.object { json in
                json.field("id", call.id.isEmpty ? nil : call.id)
                json.field("name", call.name)
                json.field("args", raw: arguments)
            }
            json.field("thoughtSignature", call.signature)
        }
        return true
    }

    /// The reason of the end. A call that could not be written is told as Gemini tells its own.
    static func writeFinish(_ finish: FinishReason, malformed: String?, _ json: inout JSONWriter) {
        guard let malformed, finish != .length else { return json.field("finishReason", GeminiFinish.word(finish)) }
        json.field("finishReason", "MALFORMED_FUNCTION_CALL")
        json.field("finishMessage", "the arguments of the call of '\(malformed)' are no JSON object")
    }
}
