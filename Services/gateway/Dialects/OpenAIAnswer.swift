package import Contracts
package import InferenceModel
package import JSON

/// A whole JSON answer of an OpenAI-style upstream, with the listed edits made.
package struct OpenAIAnswer: Sendable {
    /// The bytes for the caller: `model` is the requested name, everything else is as the upstream wrote it.
    package let body: [UInt8]
    /// The counts that the upstream reported.
    package let usage: TokenUsage?
    /// The upstream's id of the answer; empty when it gave none.
    package let id: String

    private static let keys = JSONKeys("model", "usage", "error", "id")

    /// Reads an answer of status 200.
    ///
    /// - Throws: `UpstreamError` when the bytes are no JSON object, or are an error in spite of the status.
    ///
    /// - Parameter traits: What the vendor does differently.
    package init(
        _ answer: [UInt8], requestedModel: String, traits: OpenAITraits = OpenAITraits(), parser: JSONParser
    ) throws(UpstreamError) {
        var bytes = answer
        if traits.copiesReasoning, let copied = ReasoningCopy.applied(answer, answer.indices, parser) { bytes = copied }
        let scan: JSONScan
        do {
            scan = try parser.scan(bytes, for: Self.keys)
        } catch {
            throw UpstreamError(
                status: 502, message: "the upstream answered something that is no JSON object", type: "upstream_error",
                code: .string(UpstreamError.badResponse))
        }
        try ChatAnswerReader.checkError(bytes, scan[2], traits.errors, parser)
        let counts = scan[1].flatMap { [bytes] in UsageReader.read(bytes, $0.range) }
        usage = traits.meant(counts ?? traits.usagePlace.read(bytes, bytes.indices, parser))
        id = scan[3]?.string(in: bytes) ?? ""
        body = Self.renamed(bytes, scan[0], to: requestedModel)
    }

    private static func renamed(_ bytes: [UInt8], _ model: JSONField?, to name: String) -> [UInt8] {
        guard let model, model.kind == .string else { return bytes }
        let wanted = JSONWriter.quoted(name)
        guard !bytes[model.range].elementsEqual(wanted) else { return bytes }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + wanted.count)
        out += bytes[..<model.range.lowerBound]
        out += wanted
        out += bytes[model.range.upperBound...]
        return out
    }
}
