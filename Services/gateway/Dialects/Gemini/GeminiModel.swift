/// What the name of a Gemini model tells about the requests that it takes (contract providers §5.3, §5.4).
struct GeminiModel: Equatable, Sendable {
    /// Whether it takes `thinkingLevel`, refuses `thinkingBudget`, and checks the signatures of its calls: the third generation and later.
    let isThird: Bool
    /// Whether it takes a `thinkingBudget`: the generation 2.5.
    let hasBudgets: Bool
    let isPro: Bool
    let isFlashLite: Bool
    /// Whether it makes images.
    let isImage: Bool
    /// Whether it makes speech.
    let isSpeech: Bool

    /// What an upstream's name says; a name of another kind says nothing.
    init(_ name: String) {
        let name = name.lowercased()
        isThird = ["gemini-3", "gemini-4", "gemini-5"].contains { name.contains($0) }
        hasBudgets = !isThird && name.contains("gemini-2.5")
        isPro = name.contains("pro")
        isFlashLite = name.contains("flash-lite")
        isImage = name.contains("image")
        isSpeech = name.contains("tts")
    }

    /// Whether the model thinks and takes a `thinkingConfig`.
    var thinks: Bool { (isThird || hasBudgets) && !isImage && !isSpeech }

    /// Accepted in place of a signature that is not known.
    static let dummySignature = "skip_thought_signature_validator"
}

/// Where Gemini's protocol is spoken; the places differ in small things (contract providers §9).
package enum GeminiFlavour: Sendable {
    /// Google's Gemini API.
    case developer
    /// Vertex AI: calls and results must not carry an `id`.
    case vertex
}
