import Testing

@testable import Dialects

@Suite("Anthropic: models")
struct AnthropicModelTests {
    @Test(
        "the generation is read from every form of a name",
        arguments: [
            ("claude-3-5-sonnet-20241022", 3, 5), ("claude-3-opus-20240229", 3, 0), ("claude-2.1", 2, 1),
            ("claude-sonnet-4-20250514", 4, 0), ("claude-opus-4-1-20250805", 4, 1), ("claude-haiku-4-5", 4, 5),
            ("anthropic/claude-opus-4.6", 4, 6), ("claude-opus-4@20250514", 4, 0), ("claude-opus-5-5", 5, 5),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 4, 5), ("us.anthropic.claude-opus-4-v1:0", 4, 0),
            ("anthropic.claude-v2:1", 2, 0), ("Claude-Sonnet-5", 5, 0), ("claude-instant-1.2", 1, 2),
        ])
    func versions(name: String, major: Int, minor: Int) {
        #expect(AnthropicModel(name).version == AnthropicModel.Version(major, minor))
    }

    @Test("models from 4.6 on, and names that tell no generation, think adaptively; others do not")
    func adaptive() {
        for name in ["claude-opus-4-6", "claude-opus-4-7", "claude-mythos-preview", "claude-sonnet-5"] {
            #expect(AnthropicModel(name).thinksAdaptively, "\(name)")
        }
        for name in ["claude-sonnet-4-5", "claude-3-7-sonnet", "MiniMax-M2", "kat-coder"] {
            #expect(!AnthropicModel(name).thinksAdaptively, "\(name)")
        }
    }

    @Test(
        "the most tokens of an answer",
        arguments: [
            ("claude-opus-4-5", 64000), ("claude-sonnet-4-5", 64000), ("claude-opus-4-1", 32000),
            ("claude-sonnet-4-20250514", 64000), ("claude-opus-4-20250514", 32000), ("claude-3-7-sonnet", 64000),
            ("claude-3-5-haiku", 4096), ("anything", 4096),
        ])
    func maxTokens(name: String, expected: Int) {
        #expect(AnthropicModel(name).maxTokens == expected)
    }

    @Test(
        "a beta goes to the models that know it, one that nobody knows to all",
        arguments: [
            ("output-128k-2025-02-19", "claude-3-7-sonnet", true),
            ("output-128k-2025-02-19", "claude-sonnet-4-5", false),
            ("token-efficient-tools-2025-02-19", "claude-opus-4-1", true),
            ("interleaved-thinking-2025-05-14", "claude-3-7-sonnet", false),
            ("interleaved-thinking-2025-05-14", "claude-opus-4-1", true),
            ("context-1m-2025-08-07", "claude-opus-4-1", false), ("context-1m-2025-08-07", "claude-sonnet-4-5", true),
            ("context-management-2025-06-27", "claude-sonnet-4-0", false),
            ("context-management-2025-06-27", "claude-haiku-4-5", true), ("new-2030-01-01", "claude-2.1", true),
        ])
    func betas(beta: String, model: String, passes: Bool) {
        #expect(AnthropicModel(model).takes(beta: beta) == passes)
    }

    @Test("the requested name tells the model, the upstream's where the requested one is not Claude's")
    func names() {
        #expect(AnthropicModel(requested: "claude-3-7-sonnet", upstream: "x").version == .init(3, 7))
        #expect(AnthropicModel(requested: "smart", upstream: "claude-opus-4-6").version == .init(4, 6))
    }
}
