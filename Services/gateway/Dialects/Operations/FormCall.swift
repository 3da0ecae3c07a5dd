import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's operations that take a form: image edits and variations, transcription, translation (contract providers §3.8).
package struct FormDialect: CallerDialect {
    private let action: String?

    /// Makes the dialect of a route; `action` is `variations` for the one route without a mode of its own.
    package init(action: String? = nil) {
        self.action = action
    }

    /// Reads the form, or as much of it as has arrived; the model must be in it.
    ///
    /// - Throws: `InvalidRequest` for what is no form, and for a form without a model.
    package func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall {
        let contentType = request.headers.first("content-type")
        var reader = try FormReader(contentType: contentType)
        try reader.read(request.body)
        return try FormCall(reader, request.body, mode: request.mode, contentType: contentType ?? "", action: action)
    }

    package func write(_ error: WireError) -> [UInt8] {
        OpenAIErrors.body(error)
    }
}

/// A call whose body is a form; its bytes pass, only the name of the model is replaced.
package final class FormCall: CallerCall {
    package var family: ProtocolFamily { .operations }
    package let model: String
    package let isStream: Bool
    package let user: String
    package let action: String?
    /// What the form holds, for the record of a failed call; no contents of files.
    package let summary: String
    private let bytes: [UInt8]
    private let contentType: String
    private let modelPart: FormReader.Part?
    private let product: OperationExchange.Product

    init(
        _ reader: FormReader, _ bytes: [UInt8], mode: RelayMode, contentType: String, action: String?
    ) throws(InvalidRequest) {
        guard let model = reader.text("model", in: bytes) else {
            throw InvalidRequest(message: "you must provide a model parameter", field: "model")
        }
        guard !model.isEmpty else { throw InvalidRequest(message: "'model' must not be empty", field: "model") }
        self.model = model
        self.bytes = bytes
        self.contentType = contentType
        self.action = action
        isStream = reader.text("stream", in: bytes) == "true"
        user = reader.text("user", in: bytes) ?? ""
        product =
            mode == .imagesEdits ? .images(asData: reader.text("response_format", in: bytes) == "b64_json") : .other
        modelPart = reader.parts.first { $0.name == "model" && $0.fileName == nil }
        summary = Self.summary(reader, bytes)
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        var out = bytes
        if let part = modelPart, let value = part.value {
            if wire.traits.namesModelInAddress {
                out.removeSubrange(part.whole)
            } else if context.upstreamModel != model {
                out.replaceSubrange(value, with: Array(context.upstreamModel.utf8))
            }
        }
        return OperationExchange(
            UpstreamBody(out, headers: ["content-type": contentType]), requestedModel: context.requestedModel,
            product: product)
    }

    private static func summary(_ reader: FormReader, _ bytes: [UInt8]) -> String {
        let parts = reader.parts.map { part in
            if let file = part.fileName { return "\(part.name)=@\(file.prefix(100)) \(part.contentType ?? "")" }
            return "\(part.name)=\(reader.text(part.name, in: bytes)?.prefix(500) ?? "…")"
        }
        return "form: " + parts.joined(separator: "; ")
    }
}
