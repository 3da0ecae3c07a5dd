package import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// An operation of OpenAI's family that only passes: moderations (contract providers §3.8).
package final class OperationCall: OpenAICall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .operations }

    /// Checks what every vendor needs, so that a caller hears it at once and in its own words (contract relay §9).
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    package init(_ request: OpenAIRequest, mode: RelayMode) throws(InvalidRequest) {
        self.request = request
        if mode == .moderations { try Self.need("input", [.string, .array, .object], request) }
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        Self.exchange(request, wire, context, product: .other)
    }

    /// The exchange of an operation whose body passes.
    static func exchange(
        _ request: OpenAIRequest, _ wire: Wire, _ context: UpstreamContext, product: OperationExchange.Product
    ) -> OperationExchange {
        OperationExchange(
            UpstreamBody(
                request.body(
                    upstreamModel: wire.traits.namesModelInAddress
                        ? nil : wire.traits.modelName.written(context.upstreamModel), asksForUsage: false),
                headers: ["content-type": "application/json"]), requestedModel: context.requestedModel,
            product: product)
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
