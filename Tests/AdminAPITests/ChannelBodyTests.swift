import AdminHTTP
import HTTPCore
import JSON
import Postgres
import RegistryStore
import Telemetry
import Testing

@testable import AdminAPI

@Suite("Bodies of channels")
struct ChannelBodyTests {
    private func fields(_ json: String) throws -> BodyFields {
        try BodyFields(body: Array(json.utf8))
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch let failure as AdminFailure {
            return failure.status == .badRequest ? failure.message : "wrong status \(failure.status.code)"
        } catch {
            return "wrong error \(error)"
        }
    }

    @Test("what FastGPT sends becomes one enabled channel")
    func fastGPT() throws {
        let new = try ChannelBody.new(
            fields(
                """
                {"type":1,"name":"My OpenAI","base_url":"","models":["gpt-4o-test"],
                 "model_mapping":{"gpt-4o-test":"gpt-4o"},"key":"sk-1","priority":1,"unknown":{"a":1}}
                """))
        #expect(new.count == 1)
        #expect(
            new[0].settings
                == ChannelSettings(
                    type: 1, name: "My OpenAI", models: ["gpt-4o-test"],
                    modelMapping: #"{"gpt-4o-test":"gpt-4o"}"#, priority: 1))
        #expect(new[0].key.reveal == "sk-1")
        #expect(new[0].status == 1)
    }

    @Test("a key of several lines makes a channel for each")
    func lines() throws {
        let new = try ChannelBody.new(fields(#"{"type":1,"name":"n","key":"a\nb\n\n c","status":2}"#))
        #expect(new.map(\.key.reveal) == ["a", "b", "c"])
        #expect(new.allSatisfy { $0.status == 2 && $0.settings.name == "n" })
    }

    @Test("models and sets are trimmed, without empty and repeated ones")
    func names() throws {
        let new = try ChannelBody.new(fields(#"{"type":1,"models":[" a ","b","a","","  "],"sets":["x","x "]}"#))
        #expect(new[0].settings.models == ["a", "b"])
        #expect(new[0].settings.sets == ["x"])
    }

    @Test("an edit holds only the members that are there")
    func partial() throws {
        var expected = ChannelChange()
        expected.configs = #"{"map":true,"n":1.50,"big":123456789012345678901234567890}"#
        #expect(
            try ChannelBody.change(
                fields(#"{"configs": {"map":true, "n":1.50, "big":123456789012345678901234567890}}"#)) == expected)
        #expect(try ChannelBody.change(fields("{}")) == ChannelChange())
        #expect(try ChannelBody.change(fields(#"{"status":2,"id":7,"created_at":1}"#)) == ChannelChange())
    }

    @Test("null clears what can be cleared and leaves the rest")
    func nulls() throws {
        var expected = ChannelChange()
        expected.modelMapping = "{}"
        expected.configs = ""
        expected.sets = []
        expected.proxyURL = ""
        let json = """
            {"model_mapping":null,"configs":null,"sets":null,"proxy_url":null,"name":null,"key":null,"models":null,
             "priority":null,"type":null,"base_url":null,"skip_tls_verify":null,"warn_error_rate":null,"status":null}
            """
        #expect(try ChannelBody.change(fields(json)) == expected)
    }

    @Test("an empty name and a type of 0 leave them as they are in an edit")
    func zeroes() throws {
        #expect(try ChannelBody.change(fields(#"{"name":"","type":0}"#)) == ChannelChange())
    }

    @Test("an empty key in an edit is one empty key")
    func emptyKey() throws {
        #expect(try ChannelBody.change(fields(#"{"key":""}"#)).key == Redacted(""))
    }

    @Test("a name that differs in case is taken, the exact one first")
    func caseOfNames() throws {
        #expect(try ChannelBody.change(fields(#"{"Priority":5}"#)).priority == 5)
        #expect(try ChannelBody.change(fields(#"{"Priority":5,"priority":6}"#)).priority == 6)
    }

    @Test(
        "a wrong member is refused with its name, what was expected and what came",
        arguments: [
            (#"{"priority":"1"}"#, "priority: expected an integer, got a string"),
            (#"{"priority":1.5}"#, "priority: expected an integer, got 1.5"),
            (#"{"priority":true}"#, "priority: expected an integer, got true"),
            (#"{"priority":-1}"#, "priority: expected an integer from 0 to 2147483647, got -1"),
            (#"{"priority":99999999999}"#, "priority: expected an integer from 0 to 2147483647, got 99999999999"),
            (#"{"type":"1"}"#, "type: expected an integer, got a string"),
            (#"{"type":9999}"#, "type: invalid channel type: 9999"),
            (#"{"name":5}"#, "name: expected a string, got 5"),
            (#"{"name":"\u0000"}"#, "name: must not contain a NUL character"),
            (#"{"models":"gpt-4o"}"#, "models: expected an array of strings, got a string"),
            (#"{"models":["a",1]}"#, "models[1]: expected a string, got 1"),
            (#"{"models":["a\u0000"]}"#, "models[0]: must not contain a NUL character"),
            (#"{"model_mapping":[]}"#, "model_mapping: expected an object of strings, got an array"),
            (#"{"model_mapping":{"a":1}}"#, "model_mapping.a: expected a string, got 1"),
            (#"{"configs":"x"}"#, "configs: expected an object, got a string"),
            (#"{"sets":[{}]}"#, "sets[0]: expected a string, got an object"),
            (#"{"skip_tls_verify":"yes"}"#, "skip_tls_verify: expected a boolean, got a string"),
            (#"{"enabled_auto_balance_check":1}"#, "enabled_auto_balance_check: expected a boolean, got 1"),
            (#"{"max_error_rate":"x"}"#, "max_error_rate: expected a number, got a string"),
            (#"{"warn_error_rate":-0.5}"#, "warn_error_rate: expected a number from 0 to 1000000, got -0.5"),
            (#"{"key":7}"#, "key: expected a string, got 7"),
            (#"{"key":"a\nb"}"#, "key: expected one key, got 2 lines"),
            (#"{"base_url":1}"#, "base_url: expected a string, got 1"),
            (#"{"base_url":"api.openai.com"}"#, "base_url: expected an address such as"),
            (#"{"proxy_url":"x"}"#, "proxy_url: expected an address such as"),
            (#"{"status":"on"}"#, "status: expected an integer, got a string"),
        ])
    func wrong(json: String, expected: String) {
        #expect(message { _ = try ChannelBody.change(fields(json)) }.hasPrefix(expected))
    }

    @Test("texts over their limits are refused, at the limit they are taken; characters count, not bytes")
    func lengths() throws {
        let name = String(repeating: "ü", count: 64)
        #expect(try ChannelBody.change(fields(#"{"name":"\#(name)"}"#)).name == name)
        #expect(
            message { _ = try ChannelBody.change(fields(#"{"name":"\#(name)x"}"#)) }
                == "name: longer than 64 characters")
        let url = "http://h/" + String(repeating: "a", count: 119)
        #expect(try ChannelBody.change(fields(#"{"base_url":"\#(url)"}"#)).baseURL == url)
        #expect(
            message { _ = try ChannelBody.change(fields(#"{"base_url":"\#(url)a"}"#)) }
                == "base_url: longer than 128 characters")
        let proxy = "http://h/" + String(repeating: "a", count: 247)
        #expect(
            message { _ = try ChannelBody.change(fields(#"{"proxy_url":"\#(proxy)"}"#)) }
                == "proxy_url: longer than 255 characters")
    }

    @Test("a create without a type is refused")
    func noType() {
        for json in ["{}", #"{"type":0}"#, #"{"type":null}"#] {
            #expect(message { _ = try ChannelBody.new(fields(json)) }.hasPrefix("type: missing"))
        }
    }

    @Test(
        "a body that is no object is refused", arguments: ["", " ", "{", "[1]", "nonsense", "\"text\"", "1", "{} {}"])
    func noObject(body: String) {
        #expect(!message { _ = try fields(body) }.isEmpty)
    }

    @Test("ids come bare or in an object, each once")
    func ids() throws {
        #expect(try BodyValue.idList(Array("[3,1,3]".utf8)) == [3, 1])
        #expect(try BodyValue.idList(Array(#"{"ids":[2]}"#.utf8)) == [2])
        #expect(try BodyValue.idList(Array("[]".utf8)) == [])
        #expect(
            message { _ = try BodyValue.idList(Array(#"["a"]"#.utf8)) } == "ids[0]: expected an integer, got a string")
        #expect(
            message { _ = try BodyValue.idList(Array(#"{"ids":1}"#.utf8)) }
                == "ids: expected an array of integers, got 1")
        #expect(message { _ = try BodyValue.idList(Array("{}".utf8)) }.hasPrefix("ids: missing"))
        let many = "[\((0...BodyValue.maxElements).map(String.init).joined(separator: ","))]"
        #expect(message { _ = try BodyValue.idList(Array(many.utf8)) } == "ids: more than 10000 elements")
    }
}

@Suite("Bodies of tokens and groups")
struct TokenBodyTests {
    private func message(_ json: String) -> String {
        do {
            _ = try TokenBody.new(BodyFields(body: Array(json.utf8)))
            return ""
        } catch {
            return error.message
        }
    }

    @Test("a token holds what the body says")
    func token() throws {
        let json = """
            {"name":"svc","subnets":["10.0.0.0/8"],"models":["a"],"quota":100,"period_quota":1.5,
             "period_type":"daily","period_last_update_time":1780272000000,"key":"ignored","status":2}
            """
        let token = try TokenBody.new(BodyFields(body: Array(json.utf8)))
        #expect(token.name == "svc" && token.subnets == ["10.0.0.0/8"] && token.models == ["a"])
        #expect(token.quota == 100 && token.periodQuota == 1.5 && token.periodType == .daily)
        #expect(token.periodLastUpdateTime?.microseconds == 1_780_272_000_000_000)
    }

    @Test(
        "a wrong member is refused by name",
        arguments: [
            ("{}", "name: missing"), (#"{"name":"123456789012345678901234567890123"}"#, "name: token name is too long"),
            (#"{"name":"a","subnets":["10.0.0.1"]}"#, "parameter error: invalid subnet: '10.0.0.1' in subnets"),
            (#"{"name":"a","period_type":"yearly"}"#, "period_type: expected daily, weekly or monthly"),
            (#"{"name":"a","quota":"1"}"#, "quota: expected a number, got a string"),
            (#"{"name":"a","quota":-1}"#, "quota: expected a number from 0"),
        ])
    func wrong(json: String, expected: String) {
        #expect(message(json).hasPrefix(expected))
    }
}
