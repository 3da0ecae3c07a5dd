import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Wenxin's chat of version 1 (contract providers §11.1): texts of two speakers in turn, and no tools.
package struct BaiduV1Upstream: UpstreamDialect {
    package init() {}

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: 1024)
        json.object { root in
            root.key("messages")
            root.array { list in
                for (role, text) in Self.turns(request) {
                    list.object { message in
                        message.field("role", role.rawValue)
                        message.field("content", text)
                    }
                }
            }
            let system = request.system.map(\.text).filter { !$0.isEmpty }.joined(separator: "\n")
            if !system.isEmpty { root.field("system", system) }
            root.field("stream", request.isStream)
            Self.options(request, into: &root)
            root.field("user_id", request.user)
        }
        return BaiduV1Answer.body(json, isStream: request.isStream)
    }

    /// What was said, the two sides in turn and the user first; what one side said at once is one text.
    private static func turns(_ request: InferenceRequest) -> [(role: Turn.Role, text: String)] {
        var turns: [(role: Turn.Role, text: String)] = []
        for turn in request.turns {
            let text = turn.parts.compactMap(told).joined(separator: "\n")
            guard !text.isEmpty else { continue }
            if turns.last?.role == turn.role {
                turns[turns.count - 1].text += "\n" + text
            } else if turns.isEmpty, turn.role == .assistant {
                turns = [(.user, "…"), (.assistant, text)]
            } else {
                turns.append((turn.role, text))
            }
        }
        return turns
    }

    private static func told(_ part: Part) -> String? {
        switch part {
        case .text(let text, _), .refusal(let text): text.isEmpty ? nil : text
        case .media(let media): ChatMedia.text(of: media)
        case .toolResult(let result):
            result.parts.compactMap { if case .text(let text, _) = $0 { text } else { nil } }.joined(separator: "\n")
        case .thinking, .toolCall: nil
        }
    }

    private static func options(_ request: InferenceRequest, into root: inout JSONWriter) {
        func clamped(_ number: JSONNumber?, _ range: ClosedRange<Double>) -> Double? {
            number?.double.map { min(max($0, range.lowerBound), range.upperBound) }
        }
        root.field("temperature", clamped(request.sampling.temperature, 0.01...1))
        root.field("top_p", clamped(request.sampling.topP, 0...1))
        root.field("penalty_score", clamped(request.sampling.frequencyPenalty, -2...2).map { ($0 + 2) / 4 + 1 })
        root.field("max_output_tokens", request.maxOutputTokens.map { max($0, 2) })
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        let tree = try BaiduV1Answer.tree(body, parser)
        guard let text = tree["result"]?.string else { throw UpstreamError.foreign("no result") }
        return InferenceResponse(
            id: tree["id"]?.string ?? "", model: context.requestedModel, created: tree["created"]?.int ?? context.now,
            choices: [Choice(parts: text.isEmpty ? [] : [.text(text)], finish: BaiduV1Answer.finish(tree))],
            usage: BaiduV1Answer.usage(tree["usage"]))
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        BaiduV1EventReader(context)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        BaiduFault.read(status: status, body, parser)
    }
}

/// What the answers of Wenxin's operations have in common.
enum BaiduV1Answer {
    static func body(_ json: JSONWriter, isStream: Bool = false) -> UpstreamBody {
        UpstreamBody(json.bytes, headers: isStream ? OpenAIExchange.streamHeaders : OpenAIExchange.plainHeaders)
    }

    /// The object of an answer.
    ///
    /// - Throws: `UpstreamError` for what is none, and for the error that it is.
    static func tree(_ body: [UInt8], _ parser: JSONParser) throws(UpstreamError) -> JSONValue {
        guard let tree = try? parser.parse(body), tree.object != nil else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        if let fault = BaiduFault.read(tree) { throw fault }
        return tree
    }

    static func finish(_ tree: JSONValue) -> FinishReason {
        if tree["is_truncated"]?.bool == true || tree["finish_reason"]?.string == "length" { return .length }
        return tree["finish_reason"]?.string == "content_filter" ? .contentFilter : .stop
    }

    static func usage(_ usage: JSONValue?) -> TokenUsage? {
        guard let usage, usage.object != nil else { return nil }
        let bytes = usage.serialized()
        return UsageReader.read(bytes, bytes.indices)
    }
}

/// Wenxin's errors, which come with status 200 (contract providers §11.1).
enum BaiduFault {
    /// The codes of a token that is not good or no longer.
    static let expired: Set<String> = ["upstream_110", "upstream_111"]

    /// The error in an answer; `nil` when it has none.
    static func read(_ tree: JSONValue) -> UpstreamError? {
        guard let code = tree["error_code"]?.int, code != 0 else { return nil }
        let text = tree["error_msg"]?.string ?? ""
        return UpstreamError(
            status: status(code), message: text.isEmpty ? "the upstream reported error \(code)" : text,
            type: "upstream_error", code: .string("upstream_\(code)"))
    }

    static func read(status: Int, _ body: [UInt8], _ parser: JSONParser) -> UpstreamError {
        if let tree = try? parser.parse(body), let fault = read(tree) { return fault }
        return UpstreamError(status: status, body: body, parser: parser)
    }

    private static func status(_ code: Int) -> Int {
        switch code {
        case 13, 14, 100, 110: 401
        case 17, 19, 111: 403
        case 336001, 336002, 336003, 336005...336008, 336103, 336104, 336106, 336118, 336122, 336123, 336221, 337006,
            337008, 337009:
            400
        case 4, 18, 336117, 336501...336505, 336507: 429
        default: 500
        }
    }
}

/// Reads a stream of Wenxin's: server-sent events, of which the last says so and has the counts.
struct BaiduV1EventReader: EventReader {
    private let context: UpstreamContext
    private var splitter = SSESplitter()
    private var isStarted = false
    private var isOver = false

    private static let maxEventBytes = 16 * 1024 * 1024

    init(_ context: UpstreamContext) {
        self.context = context
    }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)
    {
        guard !isOver else { return }
        splitter.append(bytes)
        while !isOver, let block = splitter.next() { try read(block, parser, into: &events) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError.foreign("with an event larger than \(Self.maxEventBytes) bytes")
        }
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        guard !isOver, let block = splitter.rest() else { return }
        try read(block, parser, into: &events)
    }

    /// An error may also stand there without being an event.
    private mutating func read(
        _ block: SSEBlock, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let tree = try? parser.parse(splitter.bytes, in: block.payload ?? block.range), tree.object != nil else {
            return
        }
        if let fault = BaiduFault.read(tree) {
            isOver = true
            throw fault
        }
        guard block.payload != nil else { return }
        if !isStarted {
            isStarted = true
            events.append(
                .started(
                    id: tree["id"]?.string ?? "", model: context.requestedModel,
                    created: tree["created"]?.int ?? context.now))
        }
        if let text = tree["result"]?.string, !text.isEmpty { events.append(.text(choice: 0, text)) }
        guard tree["is_end"]?.bool == true else { return }
        isOver = true
        events.append(.finished(choice: 0, BaiduV1Answer.finish(tree), stopSequence: nil))
        if let usage = BaiduV1Answer.usage(tree["usage"]) { events.append(.usage(usage)) }
        events.append(.ended)
    }
}

/// Wenxin's embeddings: texts in, OpenAI's form out.
package struct BaiduV1Embeddings: EmbeddingDialect {
    package init() {}

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(64) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.key("input")
            root.array { list in for text in request.inputs { list.string(text) } }
            root.field("user_id", request.user)
        }
        return BaiduV1Answer.body(json)
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        if let tree = try? parser.parse(body), let fault = BaiduFault.read(tree) { throw fault }
        return try OpenAIEmbeddings().read(body, context, parser: parser)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        BaiduFault.read(status: status, body, parser)
    }
}

/// Wenxin's rerank.
package struct BaiduV1Rerank: RerankDialect {
    package init() {}

    package func write(_ request: RerankRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.documents.reduce(64) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.field("query", request.query)
            root.key("documents")
            root.array { list in for text in request.documents { list.string(text) } }
            root.field("top_n", request.topCount)
        }
        return BaiduV1Answer.body(json)
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> RerankResponse
    {
        let tree = try BaiduV1Answer.tree(body, parser)
        guard let list = tree["results"]?.array else { throw UpstreamError.foreign("no results") }
        var usage = BaiduV1Answer.usage(tree["usage"])
        if let counts = usage, counts.inputTokens == 0 { usage?.inputTokens = counts.totalTokens }
        return RerankResponse(
            id: tree["id"]?.string ?? "", rows: try RerankRows.read(list, score: "relevance_score"), usage: usage)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        BaiduFault.read(status: status, body, parser)
    }
}
