import Contracts
import RegistryStore
import Telemetry
import Testing

@testable import OneAPIImport

@Suite("One API import: the mapping")
struct ImportMappingTests {
    private let mapping = ImportMapping(source: "test")

    private func row(_ type: Int, _ values: [OneAPIColumn: String] = [:]) -> OneAPIRow {
        var bytes = values.mapValues { Array($0.utf8) }
        for (column, standard) in [
            OneAPIColumn.id: "7", .type: "\(type)", .status: "1", .name: "n", .key: Self.key(type), .models: "m",
            .group: "default",
        ] where bytes[column] == nil { bytes[column] = Array(standard.utf8) }
        return OneAPIRow(bytes)
    }

    /// A key as One API has it for a type.
    private static func key(_ type: Int) -> String {
        switch type {
        case 15: "client|secret"
        case 18: "app|secret|key"
        case 23: "app|id|secret"
        case 33: "ak|sk|us-east-1"
        case 34: "token|user"
        case 42: #"us-central1|project|{"project_id":"project"}"#
        case 48: "key:secret"
        default: "sk-\(type)"
        }
    }

    private func one(_ type: Int, _ values: [OneAPIColumn: String] = [:]) throws -> (MappedRow, MappedRow.Part) {
        let mapped = mapping.map(row(type, values))
        return (mapped, try #require(mapped.parts.first, "\(mapped.losses)"))
    }

    /// For every type with an address of its own: our type, the address stored, the key stored.
    private static let ours: [(there: Int, here: Int, address: String, key: String)] =
        [1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 13, 22, 39].map { ($0, 1, "https://x.example/v1", "sk-\($0)") }
        + [14, 19, 20, 25, 26, 27, 28, 29, 31, 32, 36, 45].map { ($0, $0, "https://x.example/v1", "sk-\($0)") }
        + [17, 24, 30, 35, 37, 40, 41].map { ($0, $0, "https://x.example", "sk-\($0)") }
        + [
            (3, 3, "https://x.example", "sk-3"), (15, 15, "https://x.example", "client|secret"),
            (16, 16, "https://x.example/api/paas/v4", "sk-16"),
            (18, 18, "", "key:secret"), (23, 23, "https://x.example", ""),
            (33, 33, "https://x.example", "us-east-1|ak|sk"),
            (34, 34, "https://x.example", "token|user"),
            (42, 42, "https://x.example", #"us-central1|{"project_id":"project"}"#),
            (44, 43, "https://x.example/v1", "sk-44"), (47, 49, "https://x.example/v2", "sk-47"),
            (48, 18, "https://x.example/v1", "key:secret"),
            (49, 17, "https://x.example", "sk-49"), (50, 1, "https://x.example", "sk-50"),
            (51, 12, "https://x.example", "sk-51"),
        ]

    @Test("each type of One API has a row in the table, and each is either mapped or refused")
    func complete() {
        #expect(OneAPIType.all.map(\.id) == Array(1...51))
        let refused = OneAPIType.all.filter { $0.ours == nil }
        #expect(refused.map(\.id) == [11, 21, 38, 43, 46])
        #expect(refused.allSatisfy { !$0.refusal.isEmpty })
        for type in OneAPIType.all { #expect(type.ours.map { ChannelType.find($0) != nil } ?? true) }
        #expect(Set(Self.ours.map(\.there)).union(refused.map(\.id)) == Set(1...51))
    }

    @Test("every type becomes ours with its address and key in our form", arguments: Self.ours)
    func types(there: Int, here: Int, address: String, key: String) throws {
        let (_, part) = try one(there, [.baseURL: "https://x.example/"])
        #expect(part.channel.settings.type == here)
        #expect(part.channel.settings.baseURL == address)
        #expect(part.channel.key.reveal == key)
        // Twice the same: the version is not appended to an address that has it.
        if !address.isEmpty { #expect(try one(there, [.baseURL: address]).1.channel.settings.baseURL == address) }
    }

    @Test(
        "types without an equivalent, and unknown ones, get their reason",
        arguments: [11, 21, 38, 43, 46, 0, -1, 52, 999])
    func refused(type: Int) {
        let mapped = mapping.map(row(type))
        #expect(mapped.parts.isEmpty)
        #expect(mapped.losses.count == 1)
    }

    @Test("an empty address stays empty, unless that would be another vendor's")
    func emptyBase() throws {
        for type in OneAPIType.all where type.ours != nil {
            let part = try one(type.id).1
            #expect(part.channel.settings.baseURL == (type.keepsBase.isEmpty ? "" : type.keepsBase + type.append))
        }
        #expect(try one(2).1.channel.settings.baseURL == "https://oa.api2d.net/v1")
        for type in [3, 8, 50] {
            let (mapped, part) = try one(type)
            #expect(part.channel.status == 2)
            #expect(mapped.changes.contains { $0.contains("no base_url") })
        }
        #expect(
            try one(1, [.baseURL: "https://gateway.ai.cloudflare.com/v1/a/b/openai"]).1.channel.settings.baseURL
                .hasSuffix("/openai"))
        #expect(try one(23, [.baseURL: "https://hunyuan.tencentcloudapi.com"]).1.channel.settings.baseURL == "")
    }

    @Test("parts of keys that One API keeps elsewhere are put together")
    func keys() throws {
        func key(_ type: Int, _ key: String, config: String = "", other: String = "") throws -> String {
            try one(type, [.key: key, .config: config, .other: other, .baseURL: "https://x.example"]).1.channel.key
                .reveal
        }
        #expect(try key(3, "k", config: #"{"api_version":"2024-06-01"}"#) == "k|2024-06-01")
        #expect(try key(3, "k", other: "2023-05-15") == "k|2023-05-15")
        #expect(try key(3, "k") == "k")
        #expect(try key(33, "", config: #"{"region":"r","ak":"a","sk":"s"}"#) == "r|a|s")
        #expect(try key(34, "t", config: #"{"user_id":"u"}"#) == "t|u")
        #expect(try key(37, "t", config: #"{"user_id":"acc"}"#) == "acc|t")
        #expect(
            try key(42, "", config: ##"{"region":"r","vertex_ai_adc":"{\"project_id\":\"p\"}"}"##)
                == #"r|{"project_id":"p"}"#)
        #expect(try key(47, "bce-v3/a/b") == "bce-v3/a/b")
        #expect(try key(23, "sk-new") == "sk-new")
        #expect(mapping.map(row(34, [.key: "token"])).losses[0].contains("does not fit the type coze"))
        #expect(mapping.map(row(48, [.key: "nocolon"])).losses.count == 1)
        let (mapped, part) = try one(23)
        #expect(part.channel.status == 2)
        #expect(mapped.changes.contains { $0.contains("Hunyuan") })
    }

    @Test("each line of a key is a channel of its own, each once, and bad lines are named by their number")
    func lines() throws {
        let mapped = mapping.map(row(15, [.key: "a|b\nbroken\r\n\nc|d\na|b"]))
        #expect(mapped.parts.map(\.channel.key.reveal) == ["a|b", "c|d"])
        #expect(Set(mapped.parts.map(\.mark)).count == 2)
        #expect(mapped.losses.count == 1 && mapped.losses[0].hasPrefix("key 2 of 4: "))
        #expect(mapped.changes.contains("key 4 of 4: left out, it is there twice"))
        #expect(!(mapped.losses + mapped.changes).contains { $0.contains("broken") })
        let account = "us|project|{\n \"project_id\": \"p\"\n}"
        #expect(mapping.map(row(42, [.key: account])).parts.count == 1)
        let many = mapping.map(row(1, [.key: (0..<1500).map { "k\($0)" }.joined(separator: "\n")]))
        #expect(many.parts.count == 1000)
        #expect(many.losses.count == 1)
    }

    @Test("lists, mapping, weight, status and groups are taken over")
    func values() throws {
        let (mapped, part) = try one(
            1,
            [
                .name: "main", .models: " gpt-4o ,,gpt-4o,gpt-4o-mini", .modelMapping: #"{"a":"b","c":1}"#,
                .priority: "20", .weight: "3",
                .status: "3", .group: "default, vip",
            ])
        let settings = part.channel.settings
        #expect(settings.name == "main")
        #expect(settings.models == ["gpt-4o", "gpt-4o-mini"])
        #expect(settings.modelMapping == #"{"a":"b"}"#)
        #expect(settings.priority == 20)
        #expect(settings.sets == ["default", "vip"])
        #expect(part.channel.status == 2)
        #expect(mapped.changes.count == 4)
        for (priority, weight, expected) in [
            ("0", "5", 5), ("-3", "0", 1), ("9999999999", "0", 1_000_000), ("0", "0", 0), ("", "", 0), ("x", "y", 0),
        ] {
            #expect(try one(1, [.priority: priority, .weight: weight]).1.channel.settings.priority == expected)
        }
        for (status, expected) in [("1", 1), ("2", 2), ("3", 2), ("0", 2), ("", 2), ("x", 2)] {
            #expect(try one(1, [.status: status]).1.channel.status == expected)
        }
    }

    @Test("a plain row is taken over without a word")
    func silent() throws {
        let (mapped, part) = try one(1)
        #expect(mapped.changes.isEmpty && mapped.losses.isEmpty)
        #expect(part.channel.settings.sets == ["default"])
        #expect(part.channel.status == 1)
    }

    @Test("hostile values never lose a row without a word")
    func hostile() throws {
        let long = String(repeating: "é", count: 90)
        #expect(try one(1, [.name: long]).1.channel.settings.name.unicodeScalars.count == 64)
        #expect(try one(1, [.name: "a\0b"]).1.channel.settings.name == "a\u{FFFD}b")
        for broken in ["{", "[1]", "\"x\"", "{\"a\":", "nonsense", "{\"a\":\"\\u0000\"}"] {
            let (mapped, part) = try one(1, [.modelMapping: broken])
            #expect(part.channel.settings.modelMapping == "{}")
            #expect(mapped.changes.count == 1)
        }
        for none in ["", "{}", "null", "  "] { #expect(try one(1, [.modelMapping: none]).0.changes.isEmpty) }
        #expect(try one(1, [.config: "{broken"]).0.changes.count == 1)
        #expect(try one(1, [.systemPrompt: "be kind"]).0.changes.count == 1)
        var bytes: [OneAPIColumn: [UInt8]] = [
            .id: [0x37], .type: [0x31], .status: [0x31], .name: [0x61, 0xFF], .key: Array("k".utf8),
        ]
        #expect(mapping.map(OneAPIRow(bytes)).parts.first?.channel.settings.name == "a\u{FFFD}")
        bytes[.key] = [0x6B, 0xC3, 0x28]
        #expect(mapping.map(OneAPIRow(bytes)).losses.count == 1)
        bytes[.key] = [0x6B, 0]
        #expect(mapping.map(OneAPIRow(bytes)).losses.count == 1)
        #expect(mapping.map(OneAPIRow([:])).losses == ["its id is not a number"])
        #expect(mapping.map(row(1, [.models: String(repeating: "m", count: 70_000)])).losses.count == 1)
        for address in [
            "not an address", "ftp://h", "https://", "https://h/" + String(repeating: "x", count: 130), "https://h?x",
        ] {
            let mapped = mapping.map(row(1, [.baseURL: address]))
            #expect(mapped.parts.isEmpty && mapped.losses.count == 1)
        }
        #expect(try one(1, [.proxyURL: "socks5://p:1080"]).1.channel.settings.proxyURL == "socks5://p:1080")
        #expect(try one(1, [.proxyURL: "nonsense"]).1.channel.status == 2)
    }

    @Test("a key's mark depends on source, row and key, and does not hold the key")
    func marks() throws {
        let mark = try one(1, [.key: "sk-secret"]).1.mark
        #expect(mark.count == 16)
        #expect(try one(1, [.key: "sk-secret", .name: "other", .priority: "5"]).1.mark == mark)
        #expect(try one(1, [.key: "sk-secret", .id: "8"]).1.mark != mark)
        #expect(ImportMapping(source: "other").map(row(1, [.key: "sk-secret"])).parts[0].mark != mark)
    }
}
