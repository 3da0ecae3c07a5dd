import Contracts
import InferenceModel
import JSON

/// What a request or an answer says of each feature of the loss table, as texts that can be compared.
enum ConversionFeatures {
    /// What is told of one feature; empty when nothing is.
    static func told(_ feature: LossFeature, in request: InferenceRequest) -> [String] {
        let parts = request.turns.flatMap(\.parts)
        let results = parts.compactMap { if case .toolResult(let result) = $0 { result } else { nil } }
        let calls = parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
        let thoughts = parts.compactMap { if case .thinking(let thinking) = $0 { thinking } else { nil } }
        // Media of results may stand behind them; where is another feature.
        let all = parts + results.flatMap(\.parts)
        let shown = all.compactMap { if case .media(let media) = $0 { media } else { nil } }
        let functions = request.tools.compactMap { if case .function(let tool) = $0 { tool } else { nil } }
        let sampling = request.sampling
        switch feature {
        case .text: return texts(request).map(withoutBlanks)
        case .systemTexts: return request.system.map(\.text)
        case .systemCache: return request.system.filter { $0.cache != nil }.map { "\($0)" }
        case .speakerName:
            return request.turns.compactMap(\.name)
        case .turnBounds: return request.turns.map(\.role.rawValue)
        case .textBounds: return parts.map { said([$0]) }.filter { !$0.isEmpty }
        case .textCache:
            return parts.compactMap { part in
                if case .text(let text, let cache?) = part { "\(text) \(cache)" } else { nil }
            }
        case .imageURL: return media(shown, .image) { if case .url(let url) = $0.source { url } else { nil } }
        case .imageData: return media(shown, .image, data)
        case .imageDetail: return shown.compactMap(\.detail).filter { $0 != "auto" }
        case .imageFile: return media(shown, .image, file)
        case .audioURL: return media(shown, .audio) { if case .url(let url) = $0.source { url } else { nil } }
        case .audioData: return media(shown, .audio, data)
        case .videoURL: return media(shown, .video) { if case .url(let url) = $0.source { url } else { nil } }
        case .videoData: return media(shown, .video, data)
        case .documentURL: return media(shown, .document) { if case .url(let url) = $0.source { url } else { nil } }
        case .documentData: return media(shown, .document, data)
        case .documentFile:
            // A protocol may tell files apart by nothing but their ids.
            return shown.filter { $0.kind == .document || $0.kind == .image }.compactMap(file).sorted()
        case .mediaFileName: return shown.compactMap(\.fileName)
        case .mediaCache: return shown.compactMap { media in media.cache.map { "\($0)" } }
        case .historyThinking: return thoughts.map(\.text)
        case .historySignature: return thoughts.compactMap(\.signature)
        case .historyRedacted: return thoughts.compactMap(\.redacted)
        case .historyThinkingID: return thoughts.compactMap(\.id)
        case .historyRefusal: return parts.compactMap { if case .refusal(let text) = $0 { text } else { nil } }
        case .toolCalls: return calls.map { "\($0.name) \(object($0.arguments))" }
        case .toolResults:
            return results.map { result in
                let said = result.parts.compactMap { if case .text(let text, _) = $0 { text } else { nil } }.joined()
                // That it is an error is another feature, which some protocols tell in the text.
                let bare = withoutBlanks(said)
                return bare.hasPrefix("Error:") ? String(bare.dropFirst(6)) : bare
            }
        case .toolCallID: return calls.map(\.id) + results.map(\.callID)
        case .toolCallSignature: return calls.compactMap(\.signature)
        case .toolCallArguments: return calls.map(\.arguments).filter { (try? JSONValue.parse(Array($0.utf8))) == nil }
        case .toolCallCache: return calls.compactMap { call in call.cache.map { "\($0)" } }
        case .toolResultName: return results.compactMap(\.name)
        case .toolResultMedia:
            return results.flatMap(\.parts).compactMap {
                if case .media(let media) = $0 { "\(media.source)" } else { nil }
            }
        case .toolResultError: return results.filter(\.isError).map(\.callID)
        case .toolSchema: return functions.map { canonical($0.parameters ?? .null) }
        case .toolStrict: return functions.compactMap { tool in tool.strict == true ? tool.name : nil }
        case .toolCache: return functions.compactMap { tool in tool.cache.map { "\(tool.name) \($0)" } }
        case .hostedTools: return request.tools.compactMap { if case .hosted(let tool) = $0 { "\(tool)" } else { nil } }
        case .toolChoiceNone: return request.toolChoice == ToolChoice.none ? ["none"] : []
        case .toolChoiceRequired: return request.toolChoice == .required ? ["required"] : []
        case .toolChoiceFunction:
            guard case .function(let name)? = request.toolChoice else { return [] }
            return [name]
        case .toolChoiceOneOf:
            guard case .oneOf(let names)? = request.toolChoice else { return [] }
            return names
        case .parallelCalls:
            // Where no tool may be used, nothing is said of several.
            return request.allowsParallelCalls == false && request.toolChoice != ToolChoice.none ? ["false"] : []
        case .temperature: return text(sampling.temperature?.double)
        case .topP: return text(sampling.topP?.double)
        case .topK: return text(sampling.topK)
        case .seed: return text(sampling.seed)
        case .presencePenalty: return text(sampling.presencePenalty?.double)
        case .frequencyPenalty: return text(sampling.frequencyPenalty?.double)
        case .candidates: return text(sampling.candidates)
        case .wantsLogprobs: return text(sampling.logprobs) + text(sampling.topLogprobs)
        case .logitBias: return text(sampling.logitBias.map(canonical))
        case .maxOutputTokens: return text(request.maxOutputTokens)
        case .stop: return request.stop
        case .reasoningEffort: return text(request.reasoning?.effort?.rawValue)
        case .reasoningBudget:
            guard case .enabled(_, let budget?)? = request.reasoning else { return [] }
            return ["\(budget)"]
        case .reasoningDisabled: return request.reasoning == .disabled ? ["disabled"] : []
        case .formatJSON: return request.format == .jsonObject ? ["json"] : []
        case .formatSchema:
            guard case .jsonSchema(_, let schema, _, _)? = request.format else { return [] }
            return [canonical(schema)]
        case .user: return text(request.user)
        case .metadata: return request.metadata.map { "\($0.key)=\($0.value)" }.sorted()
        case .wantedServiceTier: return text(request.serviceTier)
        case .promptCacheKey: return text(request.promptCacheKey)
        case .verbosity: return text(request.verbosity)
        case .modalities: return request.modalities
        default: return []
        }
    }

    /// What is told of one feature of an answer.
    static func told(_ feature: LossFeature, in answer: InferenceResponse) -> [String] {
        // Where there is one candidate only, nothing else can be said of a second.
        let parts = answer.choices.first?.parts ?? []
        let usage = answer.usage ?? TokenUsage()
        switch feature {
        case .answerText:
            return [withoutBlanks(said(parts))]
        case .answerToolCalls:
            return parts.compactMap {
                if case .toolCall(let call) = $0 { "\(call.name) \(object(call.arguments))" } else { nil }
            }
        case .answerThinking:
            let thoughts = parts.compactMap { if case .thinking(let thinking) = $0 { thinking.text } else { nil } }
            return thoughts.filter { !$0.isEmpty }
        case .answerSignature:
            // With those of calls, which some protocols tell as a thought's.
            return parts.compactMap { part in
                switch part {
                case .thinking(let thinking): thinking.signature
                case .toolCall(let call): call.signature
                default: nil
                }
            }.sorted()
        case .answerToolCallSignature:
            return parts.compactMap { if case .toolCall(let call) = $0 { call.signature } else { nil } }
        case .answerImage:
            return parts.compactMap {
                if case .media(let media) = $0, media.kind == .image { data(media) } else { nil }
            }
        case .answerCandidates: return ["\(answer.choices.count)"]
        case .finishContentFilter:
            return answer.choices.first?.finish == .contentFilter ? ["filter"] : []
        case .finishStopSequence: return text(answer.choices.first?.stopSequence)
        case .answerRedacted:
            return parts.compactMap { if case .thinking(let thinking) = $0 { thinking.redacted } else { nil } }
        case .answerThinkingID:
            return parts.compactMap { if case .thinking(let thinking) = $0 { thinking.id } else { nil } }
        case .answerRefusal: return parts.compactMap { if case .refusal(let text) = $0 { text } else { nil } }
        case .answerPartOrder:
            let kinds = parts.compactMap { part in
                switch part {
                case .text, .refusal: "text"
                case .thinking(let thinking): thinking.text.isEmpty ? nil : "thought"
                case .toolCall: "call"
                case .media, .toolResult: nil
                }
            }
            // Several of a kind in a row may be one, or one several.
            return kinds.indices.filter { $0 == 0 || kinds[$0] != kinds[$0 - 1] }.map { kinds[$0] }
        case .answerToolArguments:
            return parts.compactMap { part in
                guard case .toolCall(let call) = part, (try? JSONValue.parse(Array(call.arguments.utf8))) == nil else {
                    return nil
                }
                return call.arguments
            }
        case .answerAudio:
            return parts.compactMap {
                if case .media(let media) = $0, media.kind == .audio { data(media) } else { nil }
            }
        case .answerLogprobs: return text(answer.choices.first?.logprobs?["content"].map(canonical))
        case .answerServiceTier: return text(answer.serviceTier)
        case .usageCached: return ["\(usage.inputTokens) \(usage.outputTokens) \(usage.cachedTokens)"]
        case .usageCacheCreation: return ["\(usage.cacheCreationTokens)"]
        case .usageReasoning: return ["\(usage.reasoningTokens)"]
        case .usageAudio: return ["\(usage.audioInputTokens) \(usage.audioOutputTokens)"]
        case .usageImage: return ["\(usage.imageInputTokens) \(usage.imageOutputTokens)"]
        default: return []
        }
    }

    // MARK: Texts

    /// What each side says, one text for each run of turns of one speaker.
    private static func texts(_ request: InferenceRequest) -> [String] {
        var runs: [(role: Turn.Role, text: String)] = []
        for turn in request.turns {
            let text = said(turn.parts)
            if runs.last?.role == turn.role {
                runs[runs.count - 1].text += text
            } else {
                runs.append((turn.role, text))
            }
        }
        return runs.map { "\($0.role): \($0.text)" }.filter { !$0.hasSuffix(": ") }
    }

    /// Texts, and refusals, which are texts in some protocols.
    private static func said(_ parts: [Part]) -> String {
        parts.compactMap { part in
            switch part {
            case .text(let text, _), .refusal(let text): text
            case .media, .thinking, .toolCall, .toolResult: nil
            }
        }.joined()
    }

    private static func withoutBlanks(_ text: String) -> String { text.filter { !$0.isWhitespace } }

    /// Arguments in one form; those that are no JSON are another feature.
    private static func object(_ text: String) -> String {
        (try? JSONValue.parse(Array(text.utf8))).map(canonical) ?? "{}"
    }

    /// JSON in one form, whatever its order and numbers.
    private static func canonical(_ text: String) -> String {
        (try? JSONValue.parse(Array(text.utf8))).map(canonical) ?? text
    }

    private static func canonical(_ value: JSONValue) -> String {
        switch value {
        case .object(let object):
            "{"
                + object.members.sorted { $0.key < $1.key }.map { "\($0.key):\(canonical($0.value))" }.joined(
                    separator: ",") + "}"
        case .array(let elements): "[" + elements.map(canonical).joined(separator: ",") + "]"
        case .number(let number): "\(number.double ?? 0)"
        default: String(decoding: value.serialized(), as: UTF8.self)
        }
    }

    private static func media(_ all: [Media], _ kind: Media.Kind, _ tell: (Media) -> String?) -> [String] {
        all.filter { $0.kind == kind }.compactMap(tell).sorted()
    }

    private static func data(_ media: Media) -> String? {
        if case .base64(let data) = media.source { "\(media.mediaType ?? "") \(data)" } else { nil }
    }

    private static func file(_ media: Media) -> String? {
        if case .file(let id) = media.source { id } else { nil }
    }

    private static func text(_ value: (some Any)?) -> [String] { value.map { ["\($0)"] } ?? [] }
}
