import HTTPCore
package import InferenceModel
package import JSON

/// A caller's request in Anthropic's protocol: read once as far as every call needs it, its bytes kept.
package final class AnthropicRequest: Sendable {
    /// The model as the caller wrote it; never empty.
    package let model: String
    package let isStream: Bool
    /// `metadata.user_id`; empty when the caller gave none.
    package let user: String
    package let body: [UInt8]
    /// The members of the body.
    let index: JSONObjectIndex
    /// `anthropic-version` of the caller.
    let version: String?
    /// `anthropic-beta` of the caller, in order.
    let betas: [String]
    /// Whether the caller asked for the beta form of the address.
    let asksForBeta: Bool

    private static let userKeys = JSONKeys("user_id")

    /// Reads the parts that the gateway needs; every other member is left as it is.
    ///
    /// - Throws: `InvalidRequest` for a body that is no JSON object, for no or an empty model, and for a `model` or `stream` of a wrong type.
    package init(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) {
        let read: (index: JSONObjectIndex, model: String?, isStream: Bool)
        do throws(JSONError) {
            let members = try parser.members(of: request.body)
            read = (members, try members.string("model"), try members.bool("stream") ?? false)
        } catch {
            throw Self.fault(error)
        }
        guard let name = read.model else { throw InvalidRequest(message: "this field is required", field: "model") }
        guard !name.isEmpty else { throw InvalidRequest(message: "this field must not be empty", field: "model") }
        body = request.body
        index = read.index
        model = name
        isStream = read.isStream
        user = Self.user(in: read.index, parser)
        version = request.headers.first("anthropic-version")
        betas = request.headers.all("anthropic-beta").flatMap { line in
            line.split(separator: ",").map { String($0.filter { $0 != " " && $0 != "\t" }) }.filter { !$0.isEmpty }
        }
        asksForBeta = request.query?.split(separator: "&").contains("beta=true") ?? false
    }

    /// The same request with another body of the same model.
    ///
    /// - Throws: `InvalidRequest` for a body that is larger than the parser takes.
    init(_ other: AnthropicRequest, body: [UInt8], parser: JSONParser) throws(InvalidRequest) {
        do throws(JSONError) {
            index = try parser.members(of: body)
        } catch {
            throw Self.fault(error)
        }
        self.body = body
        model = other.model
        isStream = other.isStream
        user = other.user
        version = other.version
        betas = other.betas
        asksForBeta = other.asksForBeta
    }

    /// A member that is only noted; one of a wrong type is the upstream's to judge.
    private static func user(in index: JSONObjectIndex, _ parser: JSONParser) -> String {
        guard let member = index["metadata"], member.kind == .object,
            let scan = try? parser.scan(index.bytes, in: member.range, for: userKeys)
        else { return "" }
        return scan[0]?.string(in: index.bytes, from: member.range.lowerBound) ?? ""
    }

    private static func fault(_ error: JSONError) -> InvalidRequest {
        switch error {
        case .empty: InvalidRequest(message: "the request body is empty; a JSON object is needed", field: nil)
        case .syntax, .tooDeep, .tooLarge:
            InvalidRequest(message: "the request body is not valid JSON: \(error.message)", field: nil)
        case .notAnObject: InvalidRequest(message: "the request body must be a JSON object", field: nil)
        case .wrongKind(let key, _, _), .notAnInteger(let key): InvalidRequest(message: error.message, field: key)
        }
    }
}
