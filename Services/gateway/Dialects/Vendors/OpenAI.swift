import Contracts
import JSON

extension OpenAICompatible {
    /// OpenAI, and whoever stands behind a channel of its type (contract providers §3).
    static let openAI = OpenAICompatible(
        "openai",
        traits: OpenAITraits().with {
            $0.isOpenAI = true
            $0.limitName = .either
            $0.toolChoice = .full
            $0.maxStops = 4
        },
        hasResponses: true,
        adapt: { traits, _, configs in
            traits.copiesReasoning = configs["map_reasoning_to_reasoning_content"]?.bool ?? false
        })

    /// Vendors of which no difference is known: 360, Baichuan, 01.AI, StepFun, Novita, Sangfor (contract providers §21).
    static let compatible = OpenAICompatible("openai-compatible")
}
