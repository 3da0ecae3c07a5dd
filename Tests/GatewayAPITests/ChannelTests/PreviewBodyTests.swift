import Contracts
import JSON
import Routing
import Telemetry
import Testing

@testable import GatewayAPI

@Suite("Body of a preview")
struct PreviewBodyTests {
    private func read(_ text: String, _ naming: PreviewBody.Naming = .model) throws(TestRefusal) -> PreviewBody {
        try PreviewBody(Array(text.utf8), naming: naming)
    }

    @Test("every member arrives in the channel, which has no id")
    func members() throws {
        let channel = try read(
            #"{"type":1,"key":"k","model":"a","base_url":"http://h/v1/","proxy_url":"socks5://p","name":"n","model_mapping":{"a":"b"},"skip_tls_verify":true,"configs":{"x":1.50},"status":2}"#
        ).channel
        #expect(channel.id == 0 && channel.type.id == 1 && channel.name == "n" && channel.models == ["a"])
        #expect(channel.baseURL == "http://h/v1" && channel.proxyURL == "socks5://p" && !channel.verifiesTLS)
        #expect(channel.upstreamModel(for: "a") == "b" && channel.configs["x"]?.double == 1.5)
        #expect(channel.key?.reveal == "k")
    }

    @Test("what is absent or null is the default")
    func defaults() throws {
        let channel = try read(
            #"{"type":1,"key":"k","models":["a","b",""],"base_url":null,"model_mapping":null,"configs":null}"#, .models
        ).channel
        #expect(channel.baseURL == "https://api.openai.com/v1" && channel.models == ["a", "b"] && channel.verifiesTLS)
        #expect(channel.proxyURL == nil && channel.name == "" && channel.configs.isEmpty)
    }

    @Test(
        "what is missing or of a wrong kind is named",
        arguments: [
            (#"{"key":"k","model":"a"}"#, "type: missing; expected the number of a channel type"),
            (#"{"type":2,"key":"k","model":"a"}"#, "type: invalid channel type: 2"),
            (#"{"type":true,"key":"k","model":"a"}"#, "type: expected an integer"),
            (#"{"type":1,"model":"a"}"#, "key: missing; expected the vendor's key"),
            (#"{"type":1,"key":"k"}"#, "model: missing; expected the name of a model"),
            (#"{"type":1,"key":"k","model":"a","name":1}"#, "name: expected a string"),
            (
                #"{"type":1,"key":"k","model":"a","model_mapping":{"a":null}}"#,
                "model_mapping: expected an object of strings"
            ),
            (#"[]"#, "the request body must be a JSON object"),
        ])
    func faults(body: String, message: String) {
        #expect(throws: TestRefusal(message)) { () throws(TestRefusal) in try read(body) }
    }

    @Test("a key that does not fit its type is refused with the type's help, and never quoted")
    func key() throws {
        do {
            _ = try read(#"{"type":33,"key":"hunter2","model":"a"}"#)
            Issue.record("the key was taken")
        } catch {
            #expect(error.message.hasPrefix("key: invalid key: ") && !error.message.contains("hunter2"))
        }
    }

    @Test("several models are needed where several are tested")
    func models() {
        for body in [
            #"{"type":1,"key":"k"}"#, #"{"type":1,"key":"k","models":[]}"#, #"{"type":1,"key":"k","models":[""]}"#,
        ] {
            #expect(throws: TestRefusal("no models to test")) { () throws(TestRefusal) in try read(body, .models) }
        }
        #expect(throws: TestRefusal("models: expected an array of strings")) { () throws(TestRefusal) in
            try read(#"{"type":1,"key":"k","models":["a",1]}"#, .models)
        }
    }
}
