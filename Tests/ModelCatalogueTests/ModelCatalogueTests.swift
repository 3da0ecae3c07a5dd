import JSON
import Testing

@testable import ModelCatalogue

@Suite("The built-in models")
struct ModelCatalogueTests {
    @Test("every model is there once, and the well-known ones are what everybody knows")
    func models() throws {
        #expect(ModelCatalogue.models.count == 527)
        #expect(Set(ModelCatalogue.models.map(\.name)).count == 527)
        let mini = try #require(ModelCatalogue.find("gpt-4o-mini"))
        #expect(mini.owner == "openai" && mini.type == 1 && mini.channelTypes.isSuperset(of: [1, 4, 20]))
        #expect(mini.price["input_price"]?.double == 0.00015)
        #expect(ModelCatalogue.find("text-embedding-3-small")?.type == 3)
        #expect(ModelCatalogue.find("GPT-4o-mini") == nil && ModelCatalogue.find("") == nil)
    }

    @Test("the price of Claude 3 Haiku is the vendor's")
    func haiku() throws {
        let haiku = try #require(ModelCatalogue.find("claude-3-haiku-20240307"))
        #expect(haiku.price["input_price"]?.double == 0.00025 && haiku.price["output_price"]?.double == 0.00125)
    }

    @Test("what Bedrock calls Claude's models is known of all that it offers")
    func upstreamIDs() throws {
        let bedrock = ModelCatalogue.models(ofChannelType: 33)
        #expect(
            bedrock.count == 18 && bedrock.allSatisfy { $0.upstreamIDs[33]?.hasPrefix("anthropic.claude") ?? false })
        #expect(ModelCatalogue.find("claude-2.1")?.upstreamIDs == [33: "anthropic.claude-v2:1"])
        #expect(ModelCatalogue.find("gpt-4o-mini")?.upstreamIDs == [:])
    }

    @Test("models are in the order of owner, type and the number in the name")
    func order() {
        let openAI = ModelCatalogue.models.filter { $0.owner == "openai" && $0.type == 1 }.map(\.name)
        #expect(openAI.firstIndex(of: "gpt-3.5-turbo")! < openAI.firstIndex(of: "gpt-4o")!)
        for (left, right) in zip(ModelCatalogue.models, ModelCatalogue.models.dropFirst()) {
            #expect((left.owner, left.type) <= (right.owner, right.type))
        }
    }

    @Test("a type lists its own models only, and one that deploys its own lists none")
    func types() {
        let anthropic = ModelCatalogue.models(ofChannelType: 14)
        #expect(anthropic.count == 17 && anthropic.allSatisfy { $0.name.hasPrefix("claude") })
        #expect(ModelCatalogue.models(ofChannelType: 34).isEmpty && ModelCatalogue.models(ofChannelType: 2).isEmpty)
    }

    @Test(
        "names are in the order in which people count",
        arguments: [
            ("a2", "a10"), ("a", "b"), ("a", "a1"), ("a02", "a3"), ("v1.9", "v1.10"), ("", "a"), ("a9b", "a9c"),
        ])
    func natural(left: String, right: String) {
        #expect(NaturalOrder.precedes(left, right) && !NaturalOrder.precedes(right, left))
        #expect(!NaturalOrder.precedes(left, left))
    }
}
