package import Contracts

/// A request for embeddings in the neutral shape: texts in, one vector for each out.
package struct EmbeddingRequest: Equatable, Sendable {
    /// The upstream's name is set by the relay before the request is written.
    package var model: String
    /// Never empty; token arrays are turned down by the reader, since no other protocol takes them.
    package var inputs: [String]
    /// The wanted length of the vectors; `nil` for the model's own.
    package var dimensions: Int?
    /// What the vectors are for, in Google's words (`RETRIEVAL_QUERY`, …); `nil` when the caller did not say.
    package var taskType: String?
    package var title: String?
    /// Whether OpenAI's `encoding_format` is `base64`: little-endian 32-bit floats.
    package var wantsBase64: Bool
    package var user: String?

    package init(model: String, inputs: [String]) {
        self.model = model
        self.inputs = inputs
        wantsBase64 = false
    }
}

/// The vectors, in the order of the inputs.
package struct EmbeddingResponse: Equatable, Sendable {
    /// The name that the caller used.
    package var model: String
    /// Each as the JSON text of its array of numbers, so that no digit changes on the way.
    package var vectors: [[UInt8]]
    /// `nil` when the upstream told nothing.
    package var usage: TokenUsage?

    package init(model: String, vectors: [[UInt8]], usage: TokenUsage? = nil) {
        self.model = model
        self.vectors = vectors
        self.usage = usage
    }
}
