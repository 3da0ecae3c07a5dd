import Contracts
import InferenceModel
import JSON
import TestSupport

/// Random requests and answers as honest clients and models make them: turns alternate, every call has its result, nothing is empty.
struct RandomConversation {
    private var random: SeededGenerator
    /// Whether arguments of calls may be no JSON.
    var breaksArguments = true

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    private mutating func chance(_ percent: Int = 50) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[number(0...values.count - 1)] }

    private mutating func maybe<Value>(_ percent: Int = 50, _ value: (inout Self) -> Value) -> Value? {
        chance(percent) ? value(&self) : nil
    }

    private mutating func word(_ lead: String) -> String { "\(lead)\(number(1000...9999))" }

    private mutating func text() -> String {
        let words = [
            "Grüße", "🌍", "\"quoted\"", "back\\slash", "tab\tand\nline", "<b>&amp;</b>", "日本語", "e\u{301}", "{}",
            "data:",
        ]
        return "t" + (0..<number(1...5)).map { _ in pick(words) }.joined(separator: " ") + word("-") + "."
    }

    private mutating func cache() -> CacheMarker? { maybe(10) { $0.chance() ? CacheMarker() : CacheMarker(ttl: "1h") } }

    private mutating func media() -> Media {
        let data = pick(["iVBORw0K", "AAECAwQ=", "/+8="])
        switch number(0...9) {
        case 0:
            return Media(.image, .url("https://x.test/\(word("i")).png"), detail: maybe { $0.pick(["low", "high"]) })
        case 1, 2: return Media(.image, .base64(data), mediaType: pick(["image/png", "image/jpeg"]), cache: cache())
        case 3: return Media(.audio, .base64(data), mediaType: pick(["audio/wav", "audio/mpeg"]))
        case 4: return Media(.document, .base64(data), mediaType: "application/pdf", fileName: word("f") + ".pdf")
        case 5: return Media(.video, .url("https://x.test/\(word("v")).mp4"))
        case 6: return Media(.image, .file(word("file-")))
        case 7: return Media(.document, .url("https://x.test/\(word("d")).pdf"), mediaType: "application/pdf")
        case 8: return Media(.video, .base64(data), mediaType: "video/mp4")
        default: return Media(.document, .file(word("file-")))
        }
    }

    private mutating func json() -> String {
        pick([#"{"city":"Zürich","n":1.0}"#, #"{"a":{"b":[1,null,true]}}"#, "{}"])
    }

    // MARK: Requests

    /// A request with up to six turns.
    mutating func request() -> InferenceRequest {
        var request = InferenceRequest(model: "m")
        for _ in 0..<number(0...2) { request.system.append(SystemBlock(text(), cache: cache())) }
        var calls: [ToolCall] = []
        for _ in 0..<number(0...2) {
            request.turns.append(user(answering: calls))
            let answer = assistant()
            calls = answer.parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
            request.turns.append(answer)
        }
        request.turns.append(user(answering: calls))
        tools(into: &request)
        settings(into: &request)
        return request
    }

    private mutating func user(answering calls: [ToolCall]) -> Turn {
        var parts: [Part] = []
        for call in calls {
            var said: [Part] = [.text(text())]
            if chance(20) { said.append(.media(Media(.image, .base64("iVBORw0K"), mediaType: "image/png"))) }
            parts.append(
                .toolResult(ToolResult(callID: call.id, name: call.name, parts: said, isError: chance(20))))
        }
        let speaks = calls.isEmpty || chance()
        if speaks {
            for _ in 0..<number(1...2) { parts.append(.text(text(), cache: cache())) }
            if chance(40) { parts.append(.media(media())) }
        }
        return Turn(.user, parts, name: speaks ? maybe(10) { $0.word("ann") } : nil)
    }

    private mutating func assistant() -> Turn {
        var parts: [Part] = []
        if chance(40) { parts.append(.thinking(Thinking(text(), signature: maybe { _ in "c2lnbmF0dXJl" }))) }
        let speaks = chance(80)
        if speaks { parts.append(chance(10) ? .refusal(text()) : .text(text())) }
        if chance(40) || !speaks {
            for _ in 0..<number(1...3) {
                parts.append(
                    .toolCall(
                        ToolCall(
                            id: word("call_"), name: pick(["weather", "now"]),
                            arguments: breaksArguments && chance(5) ? "{\"city\":" : json(),
                            signature: maybe(20) { _ in "c2ln" })))
            }
        }
        return Turn(.assistant, parts)
    }

    private mutating func tools(into request: inout InferenceRequest) {
        let city: JSONValue = ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]]
        request.tools = [
            .function(
                FunctionTool(name: "weather", description: text(), parameters: city, strict: maybe(20) { $0.chance() })),
            .function(
                FunctionTool(
                    name: "now", description: text(),
                    parameters: ["type": "object", "properties": ["zone": ["type": "string", "description": "z"]]])),
        ]
        request.toolChoice = maybe {
            $0.pick([.auto, .none, .required, .function("now"), .oneOf(["weather", "now"])])
        }
        request.allowsParallelCalls = maybe(30) { $0.chance() }
    }

    private mutating func settings(into request: inout InferenceRequest) {
        request.sampling.temperature = maybe { JSONNumber(Double($0.number(0...9)) / 10) } ?? nil
        request.sampling.topP = maybe { JSONNumber(Double($0.number(1...9)) / 10) } ?? nil
        request.sampling.topK = maybe(30) { $0.number(1...99) }
        request.sampling.seed = maybe(30) { $0.number(1...99999) }
        request.sampling.presencePenalty = maybe(20) { JSONNumber(Double($0.number(1...9)) / 10) } ?? nil
        request.sampling.frequencyPenalty = maybe(20) { JSONNumber(Double($0.number(1...9)) / 10) } ?? nil
        request.sampling.candidates = maybe(20) { $0.number(2...3) }
        if chance(20) {
            request.sampling.logprobs = true
            request.sampling.topLogprobs = number(1...5)
        }
        request.sampling.logitBias = maybe(10) { _ in ["50256": -100] }
        request.maxOutputTokens = maybe { $0.number(16...4000) }
        request.stop = maybe(30) { [$0.word("STOP")] } ?? []
        request.reasoning = maybe {
            $0.pick([.disabled, .enabled(effort: .low), .enabled(effort: .high), .enabled(effort: .low, budget: 3000)])
        }
        request.format = maybe(20) {
            $0.chance()
                ? .jsonObject
                : .jsonSchema(
                    name: "n", schema: ["type": "object", "properties": ["a": ["type": "string"]]], strict: true,
                    description: nil)
        }
        request.isStream = chance()
        request.user = maybe { $0.word("user") }
        request.metadata = maybe(20) { ["k": $0.word("v")] } ?? [:]
        request.serviceTier = maybe(20) { _ in "flex" }
        request.promptCacheKey = maybe(20) { $0.word("key") }
        request.verbosity = maybe(20) { _ in "low" }
    }

    // MARK: Answers

    /// An answer with one or two candidates.
    ///
    /// - Parameters:
    ///   - shows: Whether pictures are among the parts.
    ///   - sounds: Whether sounds are.
    mutating func answer(shows: Bool, sounds: Bool = false) -> InferenceResponse {
        var choices: [Choice] = []
        for _ in 0..<(chance(20) ? 2 : 1) { choices.append(choice(shows: shows, sounds: sounds)) }
        var answer = InferenceResponse(id: word("id"), model: "asked", created: 1_700_000_000, choices: choices)
        var usage = TokenUsage(inputTokens: number(100...999), outputTokens: number(50...99))
        usage.totalTokens = usage.inputTokens + usage.outputTokens
        usage.cachedTokens = maybe { $0.number(1...50) } ?? 0
        usage.cacheCreationTokens = maybe(20) { $0.number(1...20) } ?? 0
        usage.reasoningTokens = maybe { $0.number(1...40) } ?? 0
        usage.audioInputTokens = maybe(10) { $0.number(1...9) } ?? 0
        usage.imageInputTokens = maybe(10) { $0.number(1...9) } ?? 0
        answer.usage = usage
        answer.serviceTier = maybe(20) { $0.pick(["default", "flex"]) }
        return answer
    }

    private mutating func choice(shows: Bool, sounds: Bool) -> Choice {
        var parts = assistant().parts
        let hasCalls = parts.contains { if case .toolCall = $0 { true } else { false } }
        if shows, !hasCalls, chance(10) {
            parts.append(.media(Media(.image, .base64("iVBORw0K"), mediaType: "image/png")))
        }
        if sounds, !hasCalls, chance(10) {
            parts.append(.media(Media(.audio, .base64("AAECAwQ="), mediaType: "audio/wav")))
        }
        if chance(10) { parts.insert(.thinking(Thinking("", redacted: word("sealed"))), at: 0) }
        if chance(20) { parts.shuffle(using: &random) }
        let ends: [FinishReason] = [.stop, .length, .contentFilter, .stopSequence]
        let refuses = parts.contains { if case .refusal = $0 { true } else { false } }
        // A refusal ends as one, where a protocol has no other word for it.
        let finish: FinishReason = hasCalls ? .toolCalls : refuses ? .contentFilter : pick(ends)
        let speaks = parts.contains { if case .text = $0 { true } else { false } }
        let logprobs: JSONValue? =
            speaks && chance(10) ? ["content": [["token": "a", "logprob": -1, "top_logprobs": []]]] : nil
        return Choice(
            parts: parts, finish: finish, stopSequence: finish == .stopSequence ? "END" : nil, logprobs: logprobs)
    }
}
