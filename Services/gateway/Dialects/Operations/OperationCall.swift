package import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// An operation of OpenAI's family that only passes: moderations, images from a prompt, speech (contract providers §3.8).
package final class OperationCall: OpenAICall {
    package let request: OpenAIRequest
    private let mode: RelayMode
    package var family: ProtocolFamily { .operations }

    /// Checks what every vendor needs, so that a caller hears it at once and in its own words (contract relay §9).
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    package init(_ request: OpenAIRequest, mode: RelayMode) throws(InvalidRequest) {
        self.request = request
        self.mode = mode
        switch mode {
        case .imagesGenerations: try Self.need("prompt", [.string], request)
        case .audioSpeech, .moderations: try Self.need("input", [.string, .array, .object], request)
        default: break
        }
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        Self.exchange(request, wire, context, product: try product())
    }

    /// The exchange of an operation whose body passes.
    static func exchange(
        _ request: OpenAIRequest, _ wire: Wire, _ context: UpstreamContext, product: OperationExchange.Product
    ) -> OperationExchange {
        OperationExchange(
            UpstreamBody(
                request.body(
                    upstreamModel: wire.traits.namesModelInAddress ? nil : context.upstreamModel, asksForUsage: false),
                headers: ["content-type": "application/json"]), requestedModel: context.requestedModel,
            product: product)
    }

    private func product() throws(InvalidRequest) -> OperationExchange.Product {
        switch mode {
        case .imagesGenerations: .images(asData: try request.text("response_format") == "b64_json")
        case .audioSpeech where request.kind(of: "input") == .string:
            .speech(characters: try request.text("input")?.unicodeScalars.count ?? 0)
        default: .other
        }
    }

    /// Checks a member that every vendor needs.
    static func need(_ member: String, _ kinds: Set<JSONKind>, _ request: OpenAIRequest) throws(InvalidRequest) {
        guard let kind = request.kind(of: member), kind != .null else {
            throw InvalidRequest(message: "you must provide \(member)", field: member)
        }
        guard kinds.contains(kind) else {
            throw InvalidRequest(message: "'\(member)' must not be of type \(kind)", field: member)
        }
        guard !request.isEmptyValue(member) else {
            throw InvalidRequest(message: "'\(member)' must not be empty", field: member)
        }
    }
}
