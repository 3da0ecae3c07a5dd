import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Anthropic: media that a request names by address")
struct AnthropicAddressTests {
    private let parser = JSONParser()

    private static let body = #"""
        {"model": "m", "unknown": {"url": "https://other.test/"}, "messages": [
          {"role": "user", "content": "type:image https://text.test"},
          {"role": "user", "content": [
            {"type": "text", "text": "\"url\""},
            {"type": "image", "source": {"type": "url", "url": "https:\/\/a.test/1"}, "cache_control": {"type": "ephemeral"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            {"type": "document", "title": "t", "source": {"url": "https://a.test/2", "type": "url"}},
            {"type": "document", "source": {"type": "content", "content": [
              {"type": "image", "source": {"type": "url", "url": "https://a.test/3"}}]}},
            {"type": "tool_result", "tool_use_id": "x", "content": [
              {"type": "image", "source": {"type": "url", "url": "https://a.test/1"}},
              {"type": "image", "source": {"type": "url", "url": "gone"}}]},
            {"type": "image", "source": "url"}, {"type": "image"}, 5, null, {"type": "image", "source": {"type": "url", "url": 5}}
          ]}]}
        """#

    private func call(_ body: String = body) throws -> AnthropicCall { try AnthropicFixture.call(Array(body.utf8)) }

    @Test("addresses are found wherever a message has media")
    func found() throws {
        let named = try call().named([.image, .document], parser: parser)
        #expect(
            named.map(\.source) == [
                .url("https://a.test/1"), .url("https://a.test/2"), .url("https://a.test/3"), .url("https://a.test/1"),
                .url("gone"),
            ])
        #expect(named.map(\.kind) == [.image, .document, .image, .image, .image])
        #expect(try call().named([.document], parser: parser).map(\.source) == [.url("https://a.test/2")])
        for other in [
            #"{"model":"m"}"#, #"{"model":"m","messages":"\"url\""}"#, #"{"model":"m","messages":[1,"url"]}"#,
        ] {
            #expect(try call(other).named([.image], parser: parser).isEmpty)
        }
    }

    @Test("bytes take the place of addresses, everything else stays as it was written")
    func inlined() throws {
        let made = try call().inlined([.image, .document], parser: parser) { address in
            address == "gone" ? nil : (base64: "Qg==", type: address.hasSuffix("2") ? "application/pdf" : "image/gif")
        }
        let after = try #require(made as? AnthropicCall).request
        var wanted = Self.body
        for (source, type) in [
            (#"{"type": "url", "url": "https:\/\/a.test/1"}"#, "image/gif"),
            (#"{"url": "https://a.test/2", "type": "url"}"#, "application/pdf"),
            (#"{"type": "url", "url": "https://a.test/3"}"#, "image/gif"),
            (#"{"type": "url", "url": "https://a.test/1"}"#, "image/gif"),
        ] {
            wanted = wanted.replacing(source, with: #"{"type":"base64","media_type":"\#(type)","data":"Qg=="}"#)
        }
        #expect(String(decoding: after.body, as: UTF8.self) == wanted)
        #expect(after.model == "m" && after.index["messages"] != nil)
    }

    @Test("only places that take no addresses ask for it")
    func wires() throws {
        let call = try call()
        #expect(Wire(.anthropic, AnthropicUpstream(.bedrock)).inlinedMedia(of: call) == [.image, .document])
        #expect(Wire(.anthropic, AnthropicUpstream(.anthropic)).inlinedMedia(of: call).isEmpty)
        #expect(Wire(.vendor, OllamaUpstream()).inlinedMedia(of: call) == [.image])
    }
}
