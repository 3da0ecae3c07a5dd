package import Contracts
import JSON

/// How models of one type are probed: the kind of call and its body; a new kind is one more row.
package struct ProbeRow: Sendable {
    /// The type of models, a number of `RelayMode`.
    package let type: RelayMode
    /// The kind of call that is sent.
    package let mode: RelayMode
    /// Whether the answer is data that nobody reads; then a success shows none of it.
    package let hidesAnswer: Bool
    private let write: @Sendable (inout JSONWriter) -> Void

    init(
        _ type: RelayMode, as mode: RelayMode? = nil, hidesAnswer: Bool = false,
        _ write: @escaping @Sendable (inout JSONWriter) -> Void
    ) {
        self.type = type
        self.mode = mode ?? type
        self.hidesAnswer = hidesAnswer
        self.write = write
    }

    /// The body of the call; in Gemini's protocol the path names the model.
    package func body(model: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { root in
            if mode != .gemini { root.field("model", model) }
            write(&root)
        }
        return json.bytes
    }
}

/// The probes by type of model (contract admin-api §4.1).
package enum ProbeTable {
    /// A model of which nothing is known is probed as what most models are.
    package static let unknownType = RelayMode.chatCompletions

    /// Video is left out: a test would be paid like a film. Transcription needs a recording.
    package static let rows: [ProbeRow] = [
        ProbeRow(.chatCompletions) { $0.messages() },
        ProbeRow(.completions) { $0.field("prompt", greeting) },
        ProbeRow(.embeddings) { $0.field("input", greeting) },
        ProbeRow(.moderations) { $0.field("input", greeting) },
        ProbeRow(.imagesGenerations, hidesAnswer: true) { $0.picture() },
        ProbeRow(.geminiImage, as: .imagesGenerations, hidesAnswer: true) { $0.picture() },
        ProbeRow(.audioSpeech, hidesAnswer: true) { $0.speech() },
        ProbeRow(.geminiTTS, as: .audioSpeech, hidesAnswer: true) { $0.speech() },
        ProbeRow(.rerank) { writer in
            writer.field("query", greeting)
            writer.key("documents")
            writer.array { $0.string(greeting) }
        },
        ProbeRow(.anthropic) { writer in
            writer.field("max_tokens", 16)
            writer.messages()
        },
        ProbeRow(.responses) { $0.field("input", greeting) },
        ProbeRow(.gemini) { writer in
            writer.key("contents")
            writer.array { contents in
                contents.object { content in
                    content.field("role", "user")
                    content.key("parts")
                    content.array { parts in parts.object { $0.field("text", greeting) } }
                }
            }
        },
    ]

    private static let byType: [RelayMode: ProbeRow] = Dictionary(uniqueKeysWithValues: rows.map { ($0.type, $0) })

    /// The probe of a type; `nil` when there is none.
    package static func row(_ type: RelayMode) -> ProbeRow? {
        byType[type]
    }

    fileprivate static let greeting = "hi"
}

extension JSONWriter {
    fileprivate mutating func messages() {
        key("messages")
        array { messages in
            messages.object { message in
                message.field("role", "user")
                message.field("content", ProbeTable.greeting)
            }
        }
    }

    fileprivate mutating func picture() {
        field("prompt", "a red dot on white")
        field("size", "1024x1024")
    }

    fileprivate mutating func speech() {
        field("input", ProbeTable.greeting)
        field("voice", "alloy")
    }
}

extension RelayMode {
    /// The name in messages (contract admin-api §14.1): `ChatCompletions`, `GeminiTTS`.
    package var name: String {
        let name = "\(self)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    /// What a message calls a type of model that cannot be tested.
    var untestableName: String {
        switch self {
        case .imagesEdits: "edits"
        case .audioTranscription: "audio transcription"
        case .audioTranslation: "audio translation"
        case .parsePdf: "parse pdf"
        default: name
        }
    }
}
