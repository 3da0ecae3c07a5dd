import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Operations that vendors of OpenAI's family have in forms of their own: rerank, embeddings, pictures, speech.
@Suite("Vendor operations")
struct VendorOperationTests {
    private let parser = JSONParser()

    private struct Attempt {
        let route: UpstreamRoute
        let exchange: any Exchange

        var sent: JSONValue { (try? JSONParser().parse(exchange.request.bytes)) ?? .null }
    }

    private func attempt(_ type: Int, _ mode: RelayMode, _ body: String, key: String = "k") throws -> Attempt {
        let type = try #require(ChannelType.find(type))
        let call = try OpenAIDialect().read(CallerRequest(mode: mode, body: Array(body.utf8)), parser: parser)
        let route = try #require(
            DialectCatalog.vendor(of: type)?.route(
                VendorCall(mode: mode, family: call.family, model: call.model, isStream: call.isStream),
                VendorChannel(base: "https://v.test", key: key, type: type)))
        let context = UpstreamContext(
            mode: mode, channelType: type, upstreamModel: call.model, requestedModel: "asked", now: 1_700_000_000,
            nonce: "nonce")
        return Attempt(
            route: route, exchange: try #require(try route.wire.exchange(call, context, parser: parser)))
    }

    private func answer(_ attempt: Attempt, _ body: String) throws -> (tree: JSONValue, answer: RelayedAnswer) {
        let answer = try attempt.exchange.answer(Array(body.utf8), parser: parser)
        return (try parser.parse(answer.body), answer)
    }

    // MARK: DashScope

    @Test("DashScope: a rerank goes to its own address, in its own form")
    func dashScopeRerank() throws {
        let attempt = try attempt(
            17, .rerank,
            #"{"model":"gte-rerank-v2","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true}"#)
        #expect(attempt.route.url == "https://v.test/api/v1/services/rerank/text-rerank/text-rerank")
        #expect(
            attempt.sent == [
                "model": "gte-rerank-v2", "input": ["query": "q", "documents": ["a", "b"]],
                "parameters": ["top_n": 1, "return_documents": false],
            ])
        let (tree, answer) = try answer(
            attempt,
            #"{"output":{"results":[{"index":0,"relevance_score":0.1},{"index":1,"relevance_score":0.98}]},"usage":{"total_tokens":79},"request_id":"r-1"}"#
        )
        #expect(tree["results"]?.array?.count == 1)
        #expect(tree["results"]?[0]?["index"] == 1 && tree["results"]?[0]?["document"]?["text"] == "b")
        #expect(tree["meta"]?["tokens"]?["input_tokens"] == 79 && tree["id"] == "r-1" && tree["model"] == "asked")
        #expect(answer.usage?.inputTokens == 79 && !answer.isEstimated)
    }

    @Test("DashScope: an error in a good answer, and codes that are statuses")
    func dashScopeErrors() throws {
        let attempt = try attempt(17, .rerank, #"{"model":"gte-rerank-v2","query":"q","documents":["a"]}"#)
        let body = #"{"code":"Throttling.RateQuota","message":"too fast","request_id":"r"}"#
        let fault = #expect(throws: UpstreamError.self) {
            try attempt.exchange.answer(Array(body.utf8), parser: parser)
        }
        #expect(fault?.status == 429 && fault?.message == "too fast")
        let refusal = attempt.exchange.refusal(status: 400, headers: [:], body: Array(body.utf8), parser: parser)
        #expect(refusal.status == 429)
    }

    @Test("DashScope: embeddings of models for pictures")
    func dashScopeEmbeddings() throws {
        let attempt = try attempt(
            17, .embeddings, #"{"model":"qwen2.5-vl-embedding","input":["a","b"],"dimensions":512}"#)
        #expect(attempt.route.url.hasSuffix("/multimodal-embedding/multimodal-embedding"))
        #expect(
            attempt.sent == [
                "model": "qwen2.5-vl-embedding", "input": ["contents": [["text": "a"], ["text": "b"]]],
                "parameters": ["dimension": 512],
            ])
        let (tree, answer) = try answer(
            attempt,
            #"{"output":{"embeddings":[{"index":1,"embedding":[2.5],"type":"text"},{"index":0,"embedding":[1.50],"type":"text"}]},"usage":{"input_tokens":7},"request_id":"r"}"#
        )
        #expect(tree["data"]?[0]?["embedding"]?.serialized() == Array("[1.50]".utf8))
        #expect(tree["data"]?[1]?["embedding"]?.serialized() == Array("[2.5]".utf8))
        #expect(answer.usage?.inputTokens == 7)
        let usual = try self.attempt(17, .embeddings, #"{"model":"text-embedding-v4","input":"a"}"#)
        #expect(usual.route.url == "https://v.test/compatible-mode/v1/embeddings")
    }

    @Test("DashScope: pictures of the models that answer at once; the others are not served")
    func dashScopeImages() throws {
        let attempt = try attempt(
            17, .imagesGenerations,
            #"{"model":"qwen-image-2.0","prompt":"a cat","n":2,"size":"1024x768","seed":5,"bbox_list":[]}"#)
        #expect(attempt.route.url == "https://v.test/api/v1/services/aigc/multimodal-generation/generation")
        #expect(
            attempt.sent == [
                "model": "qwen-image-2.0",
                "input": ["messages": [["role": "user", "content": [["text": "a cat"]]]]],
                "parameters": ["n": 2, "size": "1024*768", "seed": 5],
            ])
        let (tree, answer) = try answer(
            attempt,
            #"{"output":{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":[{"image":"https://i.test/1.png"},{"image":"https://i.test/2.png"}]}}]},"usage":{"image_count":2,"width":1024,"height":768},"request_id":"r-9"}"#
        )
        #expect(tree["data"] == [["url": "https://i.test/1.png"], ["url": "https://i.test/2.png"]])
        #expect(tree["created"] == 1_700_000_000 && answer.id == "r-9")
        let fault = #expect(throws: InvalidRequest.self) {
            try self.attempt(17, .imagesGenerations, #"{"model":"qwen-image","prompt":"a","n":2}"#)
        }
        #expect(fault?.field == "n")
        let type = try #require(ChannelType.find(17))
        let call = VendorCall(
            mode: .imagesGenerations, family: .operations, model: "wanx2.1-t2i-turbo", isStream: false)
        #expect(
            DialectCatalog.vendor(of: type)?.route(call, VendorChannel(base: "https://v.test", key: "k", type: type))
                == nil)
    }

    // MARK: SiliconFlow

    @Test("SiliconFlow: pictures under other names; what only it knows stays")
    func siliconFlowImages() throws {
        let attempt = try attempt(
            43, .imagesGenerations,
            #"{"model":"Kwai-Kolors/Kolors","prompt":"a","n":2,"size":"1024x1024","negative_prompt":"dark","response_format":"url"}"#
        )
        #expect(attempt.route.url == "https://v.test/images/generations")
        #expect(
            attempt.sent == [
                "model": "Kwai-Kolors/Kolors", "prompt": "a", "negative_prompt": "dark", "batch_size": 2,
                "image_size": "1024x1024",
            ])
        let (tree, _) = try answer(
            attempt,
            #"{"images":[{"url":"https://i.test/1"}],"timings":{"inference":1.2},"seed":3,"data":[{"url":"https://i.test/1"}]}"#
        )
        #expect(tree["data"] == [["url": "https://i.test/1"]])
        let fault = #expect(throws: UpstreamError.self) {
            try attempt.exchange.answer(
                Array(#"{"code":50505,"message":"System is really busy","data":null}"#.utf8), parser: parser)
        }
        #expect(fault?.status == 429)
    }

    @Test("what a picture needs is checked before anybody is asked")
    func imageChecks() {
        for (body, field) in [
            (#"{"model":"m","prompt":"a","n":0}"#, "n"), (#"{"model":"m","prompt":"a","size":"big"}"#, "size"),
            (#"{"model":"m","prompt":"a","stream":true}"#, "stream"),
            (#"{"model":"m","prompt":"a","size":7}"#, "size"), (#"{"model":"m"}"#, "prompt"),
            (#"{"model":"m","prompt":"a","n":1e30}"#, "n"),
        ] {
            let fault = #expect(throws: InvalidRequest.self) { try attempt(43, .imagesGenerations, body) }
            #expect(fault?.field == field)
        }
    }

    // MARK: MiniMax

    @Test("MiniMax: embeddings")
    func miniMaxEmbeddings() throws {
        let attempt = try attempt(27, .embeddings, #"{"model":"embo-01","input":["a","b"]}"#, key: "key|group 1")
        #expect(attempt.route.url == "https://v.test/embeddings?GroupId=group%201")
        #expect(attempt.route.credential == .field(name: "authorization", value: "Bearer key"))
        #expect(attempt.sent == ["model": "embo-01", "texts": ["a", "b"], "type": "db"])
        let (tree, answer) = try answer(
            attempt, #"{"vectors":[[0.10],[0.2]],"total_tokens":4,"base_resp":{"status_code":0,"status_msg":""}}"#)
        #expect(tree["data"]?[0]?["embedding"]?.serialized() == Array("[0.10]".utf8) && answer.usage?.inputTokens == 4)
        let fault = #expect(throws: UpstreamError.self) {
            try attempt.exchange.answer(
                Array(
                    #"{"vectors":null,"total_tokens":0,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#
                        .utf8),
                parser: parser)
        }
        #expect(fault?.status == 402)
    }

    @Test("an answer with another number of vectors than texts is none")
    func vectorsMissing() throws {
        let attempt = try attempt(27, .embeddings, #"{"model":"embo-01","input":["a","b"]}"#)
        #expect(throws: UpstreamError.self) {
            try attempt.exchange.answer(
                Array(#"{"vectors":[[0.1]],"total_tokens":4,"base_resp":{"status_code":0}}"#.utf8), parser: parser)
        }
    }

    private static let events = """
        data: {"data":{"audio":"494433","status":1},"trace_id":"t","base_resp":{"status_code":0,"status_msg":""}}

        data: {"data":{"audio":"0A0b","status":1},"trace_id":"t","base_resp":{"status_code":0,"status_msg":""}}

        data: {"data":{"audio":"","status":2},"extra_info":{"audio_format":"mp3","usage_characters":9},"trace_id":"t","base_resp":{"status_code":0,"status_msg":"success"}}


        """

    @Test("MiniMax: speech is sound, however its events are cut")
    func miniMaxSpeech() throws {
        let attempt = try attempt(
            27, .audioSpeech, #"{"model":"speech-02-hd","input":"Hello you","voice":"v1","speed":1.25}"#)
        #expect(attempt.route.url == "https://v.test/t2a_v2")
        #expect(
            String(decoding: attempt.exchange.request.bytes, as: UTF8.self)
                == #"{"model":"speech-02-hd","text":"Hello you","stream":true,"language_boost":"auto","voice_setting":{"voice_id":"v1","speed":1.25},"#
                + #""audio_setting":{"format":"mp3"},"stream_options":{"exclude_aggregated_audio":true}}"#)
        let bytes = Array(Self.events.utf8)
        for cut in 0...bytes.count {
            var stream = attempt.exchange.makeStream()
            var out: [UInt8] = []
            try stream.feed(Array(bytes[..<cut]), parser: parser, into: &out)
            try stream.feed(Array(bytes[cut...]), parser: parser, into: &out)
            #expect(try stream.end(parser: parser, into: &out))
            #expect(out == [0x49, 0x44, 0x33, 0x0A, 0x0B] && stream.contentType == "audio/mpeg")
            #expect(stream.usage?.inputTokens == 9)
        }
    }

    @Test("MiniMax: speech as events, and a wave as a whole")
    func miniMaxSpeechForms() throws {
        let events = try attempt(
            27, .audioSpeech, #"{"model":"speech-02-hd","input":"Hello you","stream_format":"sse"}"#)
        var stream = events.exchange.makeStream()
        var out: [UInt8] = []
        try stream.feed(Array(Self.events.utf8), parser: parser, into: &out)
        #expect(stream.isDone && stream.contentType.hasPrefix("text/event-stream"))
        #expect(
            String(decoding: out, as: UTF8.self) == """
                data: {"type":"speech.audio.delta","audio":"SUQzCgs="}

                data: {"type":"speech.audio.done","usage":{"input_tokens":9,"output_tokens":0,"total_tokens":9}}


                """)
        let wave = try attempt(
            27, .audioSpeech,
            #"{"model":"speech-02-hd","input":"Hi","response_format":"WAV","timber_weights":[{"voice_id":"a","weight":1}]}"#
        )
        #expect(wave.sent["stream"] == false && wave.sent["audio_setting"] == ["format": "wav"])
        #expect(wave.sent["voice_setting"] == [:] && wave.sent["timber_weights"]?.array?.count == 1)
        let whole = try wave.exchange.answer(
            Array(#"{"data":{"audio":"52494646","status":2},"extra_info":{},"base_resp":{"status_code":0}}"#.utf8),
            parser: parser)
        #expect(whole.body == Array("RIFF".utf8) && whole.contentType == "audio/wav")
        #expect(whole.usage?.inputTokens == 2 && whole.isEstimated)
    }

    @Test("MiniMax: a fault among the events, hexadecimal that is none, and a stream that breaks off")
    func miniMaxSpeechFaults() throws {
        let attempt = try attempt(27, .audioSpeech, #"{"model":"speech-02-hd","input":"Hi"}"#)
        for (event, status) in [
            (#"{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}"#, 429),
            (#"{"data":{"audio":"4","status":1}}"#, 502), (#"{"data":{"audio":"zz","status":1}}"#, 502),
        ] {
            var stream = attempt.exchange.makeStream()
            var out: [UInt8] = []
            let fault = #expect(throws: UpstreamError.self) {
                try stream.feed(Array("data: \(event)\n\n".utf8), parser: parser, into: &out)
            }
            #expect(fault?.status == status)
        }
        var stream = attempt.exchange.makeStream()
        var out: [UInt8] = []
        try stream.feed(Array(Self.events.utf8.prefix(120)), parser: parser, into: &out)
        #expect(try !stream.end(parser: parser, into: &out))
    }

    @Test("what speech needs is checked before anybody is asked")
    func speechChecks() {
        for (body, field) in [
            (#"{"model":"m","input":"a","response_format":"opus"}"#, "response_format"),
            (#"{"model":"m","input":"a","speed":9}"#, "speed"), (#"{"model":"m","input":"a","speed":"x"}"#, "speed"),
            (#"{"model":"m","input":"a","stream_format":"x"}"#, "stream_format"), (#"{"model":"m"}"#, "input"),
            (#"{"model":"m","input":["a"]}"#, "input"),
        ] {
            let fault = #expect(throws: InvalidRequest.self) { try attempt(27, .audioSpeech, body) }
            #expect(fault?.field == field)
        }
    }
}
