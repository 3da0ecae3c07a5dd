package import HTTPCore
package import InferenceModel
package import JSON

/// The Responses protocol on both sides: bytes pass; the model's name and the ids of kept responses are the caller's (contract providers §6.5).
package final class ResponsesExchange: Exchange, Sendable {
    /// What is asked of the upstream.
    enum Kind: Equatable {
        case create(isStream: Bool, isStored: Bool)
        /// Something about a kept response: a failed one is an answer like any other then.
        case stored(StoredResponseDialect.Operation, id: String)

        var isStored: Bool { if case .stored = self { true } else { false } }
    }

    package let request: UpstreamBody
    private let kind: Kind
    private let edit: ResponseEdit
    private let errors: VendorErrors

    init(_ request: UpstreamBody, _ kind: Kind, _ context: UpstreamContext, errors: VendorErrors = .openAI) {
        self.request = request
        self.kind = kind
        self.errors = errors
        var sealsID = true
        if case .create(_, let isStored) = kind { sealsID = isStored }
        edit = ResponseEdit(model: context.requestedModel, seal: context.sealID, sealsID: sealsID)
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        if bytes.isEmpty, case .stored(.delete, let id) = kind {
            return RelayedAnswer(body: deleted(id), usage: nil, id: id)
        }
        let index: JSONObjectIndex
        do {
            index = try parser.members(of: bytes)
        } catch {
            throw ResponsesFault.foreign("something that is no JSON object")
        }
        let hasError = index["error"].map { $0.kind != .null } ?? false
        if !kind.isStored || index["output"] == nil,
            hasError || index["status"].map({ bytes[$0.range].elementsEqual(#""failed""#.utf8) }) ?? false,
            let tree = try? parser.parse(bytes), let fault = ResponsesFault.read(tree)
        {
            throw errors.adjusted(fault)
        }
        let id = (try? index.string("id")) ?? ""
        let isBackground = (try? index.bool("background")) ?? nil ?? false
        // A kept response was counted when it was made, but for one that was made in the background.
        let isCounted = !kind.isStored || isBackground
        let usage = isCounted ? index["usage"].flatMap { UsageReader.read(bytes, $0.range) } : nil
        let body = edit.apply(bytes, index) ?? bytes
        if case .create(isStream: true, _) = kind, let response = (try? parser.parse(body))?.object {
            // Some upstreams answer a stream request as a whole; the caller gets the stream it asked for.
            return RelayedAnswer(
                body: ResponsesReplay.bytes(response), usage: usage, id: id,
                contentType: "text/event-stream; charset=utf-8")
        }
        var answer = RelayedAnswer(body: body, usage: usage, id: id)
        answer.countsOnce = isBackground
        if usage != nil, kind.isStored { answer.answeredModel = (try? index.string("model")) ?? "" }
        return answer
    }

    /// What OpenAI says of a deletion, for an upstream that says nothing (204).
    private func deleted(_ id: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 128)
        writer.object { root in
            root.field("id", edit.seal?(id) ?? id)
            root.field("object", "response")
            root.field("deleted", true)
        }
        return writer.bytes
    }

    package func makeStream() -> any StreamRelay {
        ResponsesStream(edit, tellsOfKept: kind.isStored, errors: errors)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        errors.read(status: status, body: body, parser: parser)
    }
}

/// What changes in a response object on its way to the caller.
struct ResponseEdit: Sendable {
    /// The caller's name of the model; empty when the caller named none, and the upstream's stays.
    let model: String
    /// Turns an upstream's id into one that leads back to its channel; `nil` when nothing is kept.
    let seal: (@Sendable (String) -> String)?
    /// Whether the response itself is kept; the one before it was in any case.
    let sealsID: Bool

    /// The object with its edits; `nil` when there are none.
    func apply(_ bytes: [UInt8], _ index: JSONObjectIndex) -> [UInt8]? {
        var edit = JSONEdit(index)
        if !model.isEmpty, let name = try? index.string("model"), name != model { edit.set("model", string: model) }
        if let seal {
            if sealsID { self.seal("id", index, seal, &edit) }
            self.seal("previous_response_id", index, seal, &edit)
        }
        return edit.isEmpty ? nil : edit.apply()
    }

    private func seal(
        _ member: String, _ index: JSONObjectIndex, _ seal: @Sendable (String) -> String, _ edit: inout JSONEdit
    ) {
        guard index[member]?.kind == .string, let id = try? index.string(member), !id.isEmpty else { return }
        edit.set(member, string: seal(id))
    }
}
