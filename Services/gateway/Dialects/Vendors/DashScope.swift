import Contracts

extension OpenAICompatible {
    /// Alibaba's DashScope, its part of OpenAI's form (contract providers §10, §3.7): some models stream only, others think in streams only.
    static let dashScope = OpenAICompatible(
        "dashscope", addressing: .plain(prefix: "/compatible-mode/v1"),
        traits: OpenAITraits().with {
            $0.takesTopK = true
            $0.errors = .dashScope
        }, hasResponses: true,
        anthropic: AnthropicRoute("/apps/anthropic/v1/messages"),
        own: { call, _ in
            switch call.mode {
            case .imagesGenerations:
                DashScopeImages.knows(call.model)
                    ? .at(DashScopeImages.path, Wire(images: DashScopeImages())) : .missing
            case .embeddings where DashScopeEmbeddings.knows(call.model):
                .at(DashScopeEmbeddings.path, Wire(embedding: .vendor, DashScopeEmbeddings()))
            case .rerank: .at(DashScopeRerank.path, Wire(rerank: DashScopeRerank()))
            // Pictures to be edited come as a form, sounds over a socket: neither has a place here.
            case .imagesEdits, .audioSpeech, .audioTranscription: .missing
            default: nil
            }
        },
        adapt: { traits, model, _ in
            let name = model.lowercased()
            let hasBudget =
                name.hasPrefix("qwen3-") || name.hasPrefix("qwq-") || name.contains("glm") || name.contains("kimi")
            traits.reasoning = .enableThinking(budget: hasBudget ? 1...32768 : nil)
            let onlyThinks = name.hasPrefix("qwen3-") && name.contains("-thinking")
            traits.streamsOnly = name.hasPrefix("qwq-") || name.hasPrefix("qvq-") || onlyThinks
            // The open models are named by their size.
            let isOpen = name.hasPrefix("qwen3-") && name.dropFirst(6).first?.isNumber ?? false
            traits.thinksInStreamsOnly = isOpen && !onlyThinks && !name.contains("-instruct")
        })
}
