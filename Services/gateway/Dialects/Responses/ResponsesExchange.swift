package import HTTPCore
package import InferenceModel
package import JSON

/// The Responses protocol on both sides: bytes pass; the model's name and the ids of kept responses are the caller's (contract providers §6.5).
package final class ResponsesExchange: Exchange, Sendable {
    package let request: UpstreamBody
    private let edit: ResponseEdit

    init(_ request: UpstreamBody, context: UpstreamContext, sealsIDs: Bool) {
        self.request = request
        edit = ResponseEdit(model: context.requestedModel, seal: sealsIDs ? context.sealID : nil)
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        let index: JSONObjectIndex
        do {
            index = try parser.members(of: bytes)
        } catch {
            throw UpstreamError(
                status: 502, message: "the upstream answered something that is no JSON object", type: "upstream_error",
                code: .string(UpstreamError.badResponse))
        }
        let isError = index["error"].map { $0.kind == .object } ?? false
        if isError || index["status"].map({ bytes[$0.range].elementsEqual(#""failed""#.utf8) }) ?? false,
            let tree = try? parser.parse(bytes), let fault = ResponsesFault.read(tree)
        {
            throw fault
        }
        let usage = index["usage"].flatMap { UsageReader.read(bytes, $0.range) }
        return RelayedAnswer(
            body: edit.apply(bytes, index) ?? bytes, usage: usage, id: (try? index.string("id")) ?? "")
    }

    package func makeStream() -> any StreamRelay { ResponsesStream(edit) }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}

/// What changes in a response object on its way to the caller.
struct ResponseEdit: Sendable {
    let model: String
    /// Turns an upstream's id into one that leads back to its channel; `nil` when nothing is kept.
    let seal: (@Sendable (String) -> String)?

    /// The object with its edits; `nil` when there are none.
    func apply(_ bytes: [UInt8], _ index: JSONObjectIndex) -> [UInt8]? {
        var edit = JSONEdit(index)
        if let name = try? index.string("model"), name != model { edit.set("model", string: model) }
        if let seal {
            for member in ["id", "previous_response_id"] {
                guard index[member]?.kind == .string, let id = try? index.string(member), id.hasPrefix("resp") else {
                    continue
                }
                edit.set(member, string: seal(id))
            }
        }
        return edit.isEmpty ? nil : edit.apply()
    }
}
