import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// A protocol with both of its sides, for the properties of conversions.
struct ConversionSubject: CustomTestStringConvertible, Sendable {
    let target: LossTarget
    let caller: any CallerDialect
    let mode: RelayMode
    let upstream: any UpstreamDialect
    /// The upstream's name of a model that can do all that the protocol can say.
    let model: String

    var testDescription: String { target.rawValue }

    /// The protocols under test; a new one is one line.
    static let all: [ConversionSubject] = [
        ConversionSubject(.chat, OpenAIDialect(), .chatCompletions, ChatUpstream(OpenAICompatible.openAI.traits), "m"),
        ConversionSubject(.chat, OpenAIDialect(), .chatCompletions, ChatUpstream(OpenAITraits()), "m"),
        ConversionSubject(.responses, ResponsesDialect(), .responses, ResponsesUpstream(), "gpt-5.2"),
        ConversionSubject(.anthropic, AnthropicDialect(), .anthropic, AnthropicUpstream(), "claude-sonnet-4-5"),
        ConversionSubject(.gemini, GeminiDialect(), .gemini, GeminiUpstream(), "gemini-3-pro"),
    ]

    init(
        _ target: LossTarget, _ caller: any CallerDialect, _ mode: RelayMode, _ upstream: any UpstreamDialect,
        _ model: String
    ) {
        self.target = target
        self.caller = caller
        self.mode = mode
        self.upstream = upstream
        self.model = model
    }

    var context: UpstreamContext {
        get throws {
            UpstreamContext(
                mode: mode, channelType: try #require(ChannelType.find(1)), upstreamModel: model,
                requestedModel: "asked",
                now: 1_700_000_000, nonce: "nonce")
        }
    }

    /// A caller's call with this body.
    func call(_ body: [UInt8], isStream: Bool = false) throws -> any InferenceCall {
        let request = CallerRequest(
            mode: mode, body: body, pathModel: mode == .gemini ? model : nil,
            action: mode == .gemini ? (isStream ? "streamGenerateContent" : "generateContent") : nil, query: "alt=sse")
        return try #require(try caller.read(request, parser: JSONParser()) as? any InferenceCall)
    }

    /// A request of this protocol as its callers would make it.
    func written(_ request: InferenceRequest) throws -> [UInt8] {
        var request = request
        request.model = model
        return try upstream.write(request, context).bytes
    }
}

@Suite("Conversions keep what the loss table says they keep")
struct ConversionPropertyTests {
    private static let runs: [UInt64] = Array(1...300)

    @Test("a random conversation written and read again", arguments: ConversionSubject.all)
    func requests(_ subject: ConversionSubject) throws {
        for seed in Self.runs {
            var random = RandomConversation(seed: seed)
            let request = random.request()
            let bytes: [UInt8]
            do {
                bytes = try subject.written(request)
            } catch let refusal as InvalidRequest {
                // Only what the table lists may be refused.
                let lost = LossFeature.allCases.filter {
                    !LossTable.keeps($0, in: subject.target) && !ConversionFeatures.told($0, in: request).isEmpty
                }
                #expect(lost.contains { "\($0)".hasPrefix("audio") || "\($0)".hasPrefix("video") }, "\(refusal)")
                continue
            }
            let back = try subject.call(bytes, isStream: request.isStream).neutral(parser: JSONParser())
            for feature in LossFeature.allCases where !feature.isAnswer {
                guard LossTable.keeps(feature, in: subject.target) else { continue }
                let told = ConversionFeatures.told(feature, in: request)
                // What was not said may be a default now; what was said must be the same.
                guard !told.isEmpty else { continue }
                let read = ConversionFeatures.told(feature, in: back)
                // An instruction may be added for what a protocol has no member for.
                let isKept = feature == .systemTexts ? read.starts(with: told) : read == told
                #expect(
                    isKept,
                    "\(feature) of seed \(seed): \(told) became \(read)\n\(String(decoding: bytes, as: UTF8.self))")
                guard isKept else { return }
            }
        }
    }

    @Test("the random conversations say everything that some protocol keeps")
    func coverage() {
        var told: Set<LossFeature> = []
        for seed in Self.runs {
            var random = RandomConversation(seed: seed)
            let request = random.request()
            let answer = random.answer(shows: true, sounds: true)
            for feature in LossFeature.allCases where !told.contains(feature) {
                let said =
                    feature.isAnswer
                    ? ConversionFeatures.told(feature, in: answer) : ConversionFeatures.told(feature, in: request)
                if !said.isEmpty { told.insert(feature) }
            }
        }
        let kept = LossFeature.allCases.filter { feature in
            ConversionSubject.all.contains { LossTable.keeps(feature, in: $0.target) }
        }
        #expect(kept.filter { !told.contains($0) } == [])
    }

    @Test("a random answer written and read again, whole and as a stream", arguments: ConversionSubject.all)
    func answers(_ subject: ConversionSubject) throws {
        let context = try subject.context
        for seed in Self.runs {
            var random = RandomConversation(seed: seed)
            random.breaksArguments = LossTable.keeps(.answerToolArguments, in: subject.target)
            var request = InferenceRequest(model: "m", turns: [Turn(.user, [.text("x")])])
            let answer = random.answer(
                shows: LossTable.keeps(.answerImage, in: subject.target),
                sounds: LossTable.keeps(.answerAudio, in: subject.target))
            let whole = try subject.call(subject.written(request)).write(answer, context)
            let read = try subject.upstream.read(whole, context, parser: JSONParser())
            request.isStream = true
            let writer = try subject.call(subject.written(request), isStream: true).makeEventWriter(context)
            let stream = StreamSplits.text(answer.events, writer)
            let told = try gathered(Array(stream.utf8), subject.upstream.makeEventReader(context))
            for feature in LossFeature.allCases where feature.isAnswer {
                guard LossTable.keeps(feature, in: subject.target) else { continue }
                let said = ConversionFeatures.told(feature, in: answer)
                let plain = ConversionFeatures.told(feature, in: read)
                let streamed = ConversionFeatures.told(feature, in: told)
                #expect(plain == said, "\(feature) of seed \(seed)\n\(String(decoding: whole, as: UTF8.self))")
                #expect(streamed == said, "\(feature) of seed \(seed), streamed\n\(stream)")
                guard plain == said, streamed == said else { return }
            }
        }
    }

    /// The answer that a stream tells.
    private func gathered(_ bytes: [UInt8], _ reader: any EventReader) throws -> InferenceResponse {
        var reader = reader
        var events: [InferenceEvent] = []
        try reader.feed(bytes, parser: JSONParser(), into: &events)
        try reader.end(parser: JSONParser(), into: &events)
        #expect(events.last == .ended)
        var answer = InferenceResponse(id: "", model: "", created: 0, choices: [])
        for event in events { answer.add(event) }
        return answer
    }
}
