import Contracts
import Testing

@testable import Dialects

@Suite("Usage reader")
struct UsageReaderTests {
    private func read(_ text: String) -> TokenUsage? {
        UsageReader.read(Array(text.utf8), 0..<text.utf8.count)
    }

    @Test("OpenAI's usage is read with its details")
    func openAI() {
        let usage = read(
            #"""
            { "prompt_tokens" : 11, "completion_tokens":9,"total_tokens":20, "x":[1,{"prompt_tokens":99}], "s":"a\"},b",
              "prompt_tokens_details":{"cached_tokens":3,"audio_tokens":1,"image_tokens":2,"cache_creation_tokens":4, "deep":{"cached_tokens":7}},
              "completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":5,"image_tokens":6,"other":null} }
            """#)
        #expect(
            usage
                == TokenUsage(
                    inputTokens: 11, outputTokens: 9, totalTokens: 20, cachedTokens: 3, cacheCreationTokens: 4,
                    reasoningTokens: 2, audioInputTokens: 1, audioOutputTokens: 5, imageInputTokens: 2,
                    imageOutputTokens: 6))
    }

    @Test("other vendors' members are read")
    func others() {
        #expect(
            read(#"{"input_tokens":5,"output_tokens":6,"input_tokens_details":{"cached_tokens":2}}"#)?.totalTokens == 11
        )
        #expect(read(#"{"prompt_tokens":5,"input_tokens":9,"completion_tokens":1}"#)?.inputTokens == 5)
        #expect(read(#"{"input_tokens":9,"prompt_tokens":5,"completion_tokens":1}"#)?.inputTokens == 5)
        #expect(read(#"{"prompt_tokens":5,"prompt_cache_hit_tokens":4}"#)?.cachedTokens == 4)
        #expect(read(#"{"total_tokens":7}"#)?.totalTokens == 7)
    }

    @Test(
        "what holds no count is no usage",
        arguments: [
            "{}", "null", "[]", #"{"prompt_tokens":0}"#, #"{"prompt_tokens":null}"#, #"{"prompt_tokens":"5"}"#,
            #"{"prompt_tokens":-5}"#, #"{"prompt_tokens":1e3}"#, "", "{", #"{"prompt_tokens"#, #"{"prompt_tokens":"#,
        ])
    func nothing(text: String) {
        #expect(read(text) == nil)
    }

    @Test("hostile numbers are held at a bound and fractions are cut")
    func bounds() {
        #expect(read(#"{"prompt_tokens":99999999999999999999999999}"#)?.inputTokens == 1_000_000_000_000)
        #expect(read(#"{"prompt_tokens":12.9,"completion_tokens":1}"#)?.inputTokens == 12)
    }

    @Test("no cut of a usage traps")
    func cuts() {
        let whole = #"{"prompt_tokens":11,"a":"x\\","d":{"e":[1,"]"]},"prompt_tokens_details":{"cached_tokens":3}}"#
        for end in 0...whole.utf8.count { _ = UsageReader.read(Array(whole.utf8), 0..<end) }
    }
}
