import Contracts
import Testing

@Suite("Channel types")
struct ChannelTypeTests {
    @Test("numbers and names are unique, and each type is found by its number")
    func unique() {
        #expect(Set(ChannelType.all.map(\.id)).count == ChannelType.all.count)
        #expect(Set(ChannelType.all.map(\.name)).count == ChannelType.all.count)
        for type in ChannelType.all { #expect(ChannelType.find(type.id)?.name == type.name) }
        #expect(ChannelType.find(-1) == nil)
    }

    @Test("a default address is a web address without a slash at its end, or empty")
    func addresses() {
        for type in ChannelType.all where !type.defaultBaseURL.isEmpty {
            #expect(!type.defaultBaseURL.hasSuffix("/"), "\(type.name)")
            #expect(
                type.defaultBaseURL.hasPrefix("https://") || type.defaultBaseURL.hasPrefix("http://"), "\(type.name)")
        }
    }

    @Test("keys in parts are refused with what is wrong")
    func parts() throws {
        let azure = try #require(ChannelType.find(3))
        #expect(azure.keyFault("abc") == nil)
        #expect(azure.keyFault("abc|2024-10-21") == nil)
        #expect(azure.keyFault("abc|") == nil)
        #expect(azure.keyFault("a|b|c") == "it must have 1 to 2 parts separated by '|', not 3")
    }

    @Test("a type whose key may be anything takes anything")
    func anything() throws {
        let openAI = try #require(ChannelType.find(1))
        for key in ["", "sk-1", "a|b|c", "\u{0}"] { #expect(openAI.keyFault(key) == nil) }
    }

    @Test("every key rule refuses some key, unless anything goes")
    func rules() {
        let hostile = ["", "|", "a", "a|b", "a|b|c", "a|b|c|d|e|f", "||||"]
        for type in ChannelType.all where type.keyRule != .anything {
            #expect(hostile.contains { type.keyFault($0) != nil }, "\(type.name)")
        }
    }
}
