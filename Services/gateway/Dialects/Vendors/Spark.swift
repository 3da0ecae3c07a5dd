extension OpenAICompatible {
    /// iFlytek's Spark over HTTP (contract providers §22): models have names of domains.
    static let spark = OpenAICompatible(
        "spark",
        traits: OpenAITraits().with {
            $0.modelName = .spark
            $0.errors = .spark
        })
}
