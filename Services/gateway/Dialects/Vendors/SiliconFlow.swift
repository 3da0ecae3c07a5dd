import Contracts

extension OpenAICompatible {
    /// SiliconFlow (contract providers §20): sounds go as `audio_url`, errors have a form of their own.
    static let siliconFlow = OpenAICompatible(
        "siliconflow",
        traits: OpenAITraits().with {
            $0.hasAudioURL = true
            $0.takesTopK = true
            $0.errors = .siliconFlow
        },
        own: { call, _ in
            call.mode == .imagesGenerations ? .at("/images/generations", Wire(images: SiliconFlowImages())) : nil
        })
}
