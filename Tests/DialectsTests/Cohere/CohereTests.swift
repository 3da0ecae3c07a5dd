import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

private let context = UpstreamContext(
    channelType: ChannelType.all[0], upstreamModel: "up", requestedModel: "asked", now: 7, nonce: "N")

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Chat stands in the golden files of the vendor; here is what they do not show.
@Suite("Cohere")
struct CohereTests {
    private let parser = JSONParser()

    @Test("a model that would search the web is refused: nothing does it any more")
    func internet() {
        let request = InferenceRequest(model: "command-r-internet", turns: [Turn(.user, [.text("hi")])])
        #expect(throws: InvalidRequest.self) { try CohereUpstream().write(request, context) }
    }

    @Test("tools with names that the vendor refuses go under others, and come back under their own")
    func names() throws {
        var request = InferenceRequest(model: "m", turns: [Turn(.user, [.text("hi")])])
        request.tools = [.function(FunctionTool(name: "mcp__a-b.c")), .function(FunctionTool(name: "mcp__a_b_c"))]
        let body = try CohereUpstream().write(request, context)
        let sent = try JSONValue.parse(body.bytes)["tools"]?.array?.compactMap { $0["function"]?["name"]?.string }
        #expect(sent == ["mcp__a_b_c_2", "mcp__a_b_c"])
        var context = context
        context.toolNames = body.toolNames
        let answer =
            #"{"message":{"tool_calls":[{"function":{"name":"mcp__a_b_c_2","arguments":"{}"}}]},"finish_reason":"TOOL_CALL"}"#
        let read = try CohereUpstream().read(Array(answer.utf8), context, parser: parser)
        #expect(read.choices[0].parts == [.toolCall(ToolCall(id: "call_N0", name: "mcp__a-b.c", arguments: "{}"))])
    }

    @Test("a stream that breaks off does not end, one that reports an error fails")
    func broken() throws {
        let start = #"data: {"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}}"# + "\n\n"
        var reader = CohereUpstream().makeEventReader(context)
        var events: [InferenceEvent] = []
        try reader.feed(Array(start.utf8), parser: parser, into: &events)
        try reader.end(parser: parser, into: &events)
        #expect(events == [.started(id: "", model: "asked", created: 7), .text(choice: 0, "a")])
        for end in [
            #"{"type":"message-end","delta":{"finish_reason":"ERROR"}}"#,
            #"{"type":"message-end","delta":{"error":"out of luck","finish_reason":"COMPLETE"}}"#,
            #"{"message":"out of luck"}"#,
        ] {
            var reader = CohereUpstream().makeEventReader(context)
            #expect(throws: UpstreamError.self) {
                try reader.feed(Array((start + "data: \(end)\n\n").utf8), parser: parser, into: &events)
            }
        }
    }

    @Test("embeddings say what they are for, and keep their digits", arguments: ["query", "passage", nil])
    func embeddings(type: String?) throws {
        let member = type.map { #","input_type":"\#($0)""# } ?? ""
        let call = EmbeddingsCall(
            try OpenAIRequest(
                Array(#"{"model":"m","input":["a","b"],"dimensions":256\#(member)}"#.utf8), parser: parser))
        let sent = try CohereEmbeddings().write(call.neutral(parser: parser), context).bytes
        let wanted = type == "query" ? "search_query" : "search_document"
        #expect(
            text(sent)
                == #"{"model":"m","input_type":"\#(wanted)","texts":["a","b"],"embedding_types":["float"],"output_dimension":256}"#
        )
        let answer =
            #"{"id":"i","embeddings":{"float":[[0.10,-1e-3],[2]]},"texts":["a","b"],"meta":{"billed_units":{"input_tokens":2.0}}}"#
        let read = try CohereEmbeddings().read(Array(answer.utf8), context, parser: parser)
        #expect(read.vectors.map(text) == ["[0.10,-1e-3]", "[2]"] && read.usage?.inputTokens == 2)
        #expect(throws: UpstreamError.self) {
            try CohereEmbeddings().read(Array(#"{"message":"no"}"#.utf8), context, parser: parser)
        }
    }

    private func rerank(_ body: String) throws -> any Exchange {
        let call = try RerankCall(try OpenAIRequest(Array(body.utf8), parser: parser))
        return try #require(try Wire(rerank: CohereRerank()).exchange(call, context, parser: parser))
    }

    @Test("a rerank is sent as texts; its order, its number and its documents are made here")
    func reranking() throws {
        let exchange = try rerank(
            #"{"model":"asked","query":{"text":"q"},"documents":["a",{"text":"b"},"c"],"top_n":2,"return_documents":true}"#
        )
        #expect(text(exchange.request.bytes) == #"{"model":"up","query":"q","documents":["a","b","c"],"top_n":2}"#)
        let answer = try exchange.answer(
            Array(
                #"{"id":"r1","results":[{"index":0,"relevance_score":0.10},{"index":2,"relevance_score":0.90},{"index":1,"relevance_score":0.5}],"meta":{"billed_units":{"search_units":1}}}"#
                    .utf8), parser: parser)
        #expect(
            text(answer.body)
                == #"{"id":"r1","model":"asked","results":[{"index":2,"relevance_score":0.90,"document":{"text":"c"}},{"index":1,"relevance_score":0.5,"document":{"text":"b"}}],"meta":{"tokens":{"input_tokens":1,"output_tokens":0}}}"#
        )
        #expect(answer.isEstimated && answer.usage?.inputTokens == 1)
    }

    @Test(
        "answers of documents that nobody sent, and no answers, are the upstream's fault",
        arguments: [
            #"{"results":[{"index":1,"relevance_score":1}]}"#, #"{"results":[{"index":-1,"relevance_score":1}]}"#,
            #"{"results":[{"index":0}]}"#, #"{"message":"no"}"#, "[]", "x",
        ])
    func foreign(answer: String) throws {
        let exchange = try rerank(#"{"model":"m","query":"q","documents":["a"]}"#)
        #expect(throws: UpstreamError.self) { try exchange.answer(Array(answer.utf8), parser: parser) }
    }

    @Test("documents that are no texts are refused with their place")
    func pictures() throws {
        let body = #"{"model":"m","query":"q","documents":["a",{"image":"https://x.test/i.png"}]}"#
        #expect(
            throws: InvalidRequest(
                message: "'documents[1]' must be a text: this model takes nothing else", field: "documents[1]")
        ) {
            try rerank(body)
        }
    }

    @Test("a rerank that passes has its counts where callers look for them")
    func passing() throws {
        let call = try RerankCall(
            try OpenAIRequest(Array(#"{"model":"m","query":"q","documents":["abcdefg"]}"#.utf8), parser: parser))
        func answered(_ answer: String) throws -> RelayedAnswer {
            try #require(try Wire(.operations, nil).exchange(call, context, parser: parser))
                .answer(Array(answer.utf8), parser: parser)
        }
        let counted = try answered(#"{"results":[],"usage":{"total_tokens":11}}"#)
        #expect(
            text(counted.body)
                == #"{"results":[],"usage":{"total_tokens":11},"meta":{"tokens":{"input_tokens":11,"output_tokens":0}}}"#
        )
        #expect(!counted.isEstimated)
        let uncounted = try answered(#"{"results":[],"meta":{"billed_units":{"search_units":1}}}"#)
        #expect(
            try JSONValue.parse(uncounted.body)["meta"]
                == ["billed_units": ["search_units": 1], "tokens": ["input_tokens": 2, "output_tokens": 0]])
        #expect(uncounted.isEstimated)
        let told = #"{"results":[],"meta":{"tokens":{"input_tokens":5}}}"#
        #expect(text(try answered(told).body) == told)
    }
}
