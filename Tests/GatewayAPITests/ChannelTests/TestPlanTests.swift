import Contracts
import Routing
import Telemetry
import Testing

@testable import GatewayAPI

@Suite("Test plan")
struct TestPlanTests {
    private func channel(_ type: Int = 1, mapping: [String: String] = [:]) throws -> RoutedChannel {
        try #require(
            RoutedChannel(SnapshotChannel(id: 1, type: type, name: "c", modelMapping: mapping), key: Redacted("k")))
    }

    /// The plan in one word and its detail.
    private func plan(
        _ model: String, on channel: RoutedChannel, type: Int? = nil, document: String = "{}",
        serves: (RelayMode, RoutedChannel) -> Bool = { _, _ in true }
    ) -> String {
        let config = type.map { SnapshotModelConfig(model: model, type: $0, document: document) }
        return switch TestPlan.make(model, on: channel, config: config, serves: serves) {
        case .probe(let row): "probe \(row.mode.name)"
        case .excused(let mode): "excused \(mode.name)"
        case .fault(let reason): "fault: \(reason)"
        case .untestable(let reason): "untestable: \(reason)"
        }
    }

    @Test("a configured type wins over the catalogue, the catalogue over the name upstream, and nothing known is chat")
    func types() throws {
        let plain = try channel()
        #expect(plan("text-embedding-3-small", on: plain) == "probe Embeddings")
        #expect(plan("text-embedding-3-small", on: plain, type: 0) == "probe Embeddings")
        #expect(plan("text-embedding-3-small", on: plain, type: 2) == "probe Completions")
        #expect(plan("our-own", on: plain) == "probe ChatCompletions")
        let mapped = try channel(mapping: ["our-own": "text-embedding-3-small"])
        #expect(plan("our-own", on: mapped) == "probe Embeddings")
        #expect(plan("our-own", on: mapped, type: 1) == "probe ChatCompletions")
    }

    @Test("what the vendor, or the gateway for it, does not speak is a fault with the mode's name")
    func unsupported() throws {
        let deepseek = try channel(36)
        let chatOnly: (RelayMode, RoutedChannel) -> Bool = { mode, _ in mode == .chatCompletions || mode == .responses }
        #expect(plan("e", on: deepseek, type: 3, serves: chatOnly) == "fault: Embeddings not supported by adaptor")
        #expect(plan("e", on: deepseek, type: 11, serves: chatOnly) == "fault: ParsePdf not supported by adaptor")
        #expect(plan("e", on: deepseek, type: 16, serves: chatOnly) == "probe Responses", "the gateway converts")
        let openAI = try channel()
        #expect(plan("r", on: openAI, type: 10, serves: { _, _ in false }) == "fault: Rerank not supported by adaptor")
        #expect(plan("x", on: openAI, serves: { _, _ in false }) == "fault: ChatCompletions not supported by adaptor")
    }

    @Test("a kind of model that is never tested says so, whether the gateway speaks it or not")
    func untestable() throws {
        let openAI = try channel()
        let words: [(Int, String)] = [
            (6, "edits"), (8, "audio transcription"), (9, "audio translation"), (11, "parse pdf"), (22, "Videos"),
        ]
        for (type, word) in words {
            let expected = "untestable: model type '\(word)' not supported"
            #expect(plan("m", on: openAI, type: type) == expected)
            #expect(plan("m", on: openAI, type: type, serves: { _, _ in false }) == expected)
        }
        #expect(plan("m", on: openAI, type: 99) == "untestable: model type 'Mode(99)' not supported")
    }

    @Test("an excluded model is excused where its type fits, and only by the word true")
    func excused() throws {
        let openAI = try channel()
        let document = #"{"exclude_from_tests":true}"#
        #expect(plan("m", on: openAI, type: 1, document: document) == "excused ChatCompletions")
        #expect(plan("m", on: openAI, type: 0, document: document) == "excused ChatCompletions")
        #expect(plan("m", on: openAI, type: 3, document: document) == "excused Embeddings")
        #expect(
            plan("m", on: try channel(36), type: 3, document: document, serves: { _, _ in false })
                == "fault: Embeddings not supported by adaptor")
        #expect(plan("m", on: openAI, type: 1, document: #"{"exclude_from_tests":false}"#) == "probe ChatCompletions")
        #expect(plan("m", on: openAI, type: 1, document: "not json") == "probe ChatCompletions")
    }
}
