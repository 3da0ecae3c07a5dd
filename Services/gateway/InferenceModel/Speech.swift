package import Contracts
package import JSON

/// A text to be spoken, in the neutral shape (contract providers §3.8).
package struct SpeechRequest: Sendable {
    package var model: String
    package var input: String
    /// The vendor's name of a voice; `nil` for its default.
    package var voice: String?
    /// Such as `mp3` or `wav`, in small letters; `nil` for the vendor's default.
    package var format: String?
    /// Times the usual speed, from 0.25 to 4.
    package var speed: JSONValue?
    /// The caller's whole body, for what only one vendor knows.
    package var members: JSONObject

    package init(model: String, input: String, members: JSONObject = JSONObject()) {
        self.model = model
        self.input = input
        self.members = members
    }

    /// What is spoken, as vendors count it that give no other count: the characters of the text.
    package var estimate: TokenUsage {
        let count = input.unicodeScalars.count
        return TokenUsage(inputTokens: count, totalTokens: count)
    }
}

/// Spoken text as a whole.
package struct SpeechResponse: Equatable, Sendable {
    /// The sound, in the format that was asked for.
    package var audio: [UInt8]
    /// `nil` when the upstream told nothing.
    package var usage: TokenUsage?

    package init(audio: [UInt8], usage: TokenUsage? = nil) {
        self.audio = audio
        self.usage = usage
    }
}
