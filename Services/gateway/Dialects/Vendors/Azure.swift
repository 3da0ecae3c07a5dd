extension OpenAICompatible {
    /// Azure OpenAI (contract providers §7). Its first event has no choices and tells of the content filter.
    static let azure = OpenAICompatible(
        "azure-openai", addressing: .azure, auth: .header("api-key"),
        traits: OpenAITraits(namesModelInAddress: true).with {
            $0.isOpenAI = true
            $0.limitName = .either
            $0.toolChoice = .full
            $0.maxStops = 4
            $0.dropsEmptyChoices = true
        },
        hasResponses: true)
}
