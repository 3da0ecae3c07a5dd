import Contracts
import Foundation
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// What every vendor of the catalogue must have: a folder `Golden/vendors/<id>` whose `route.json` lists the addresses and credentials of all calls that it serves.
@Suite("Vendor routes")
struct VendorRouteTests {
    static let ids = DialectCatalog.vendors.keys.sorted()

    @Test("a vendor has its golden folder, and sends each call where its file says", arguments: ids)
    func route(id: String) throws {
        let golden = GoldenCase(folder: "vendors/\(id)", name: "route")
        #expect(
            golden.has("json") || GoldenCase.isWriting,
            "\(id) has no Tests/DialectsTests/Golden/vendors/\(id)/route.json; write it with GOLDEN=write, and read it")
        try golden.expect(json: Self.routes(of: id).serialized(), "json")
    }

    @Test("no folder is left of a vendor that is gone")
    func strays() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: GoldenCase.root + "/vendors")
        #expect(Set(folders).subtracting(Self.ids) == [])
    }

    /// Every type of the vendor, with the calls that it serves.
    private static func routes(of id: String) throws -> JSONValue {
        var types = JSONObject()
        for type in ChannelType.all {
            guard let vendor = DialectCatalog.vendor(of: type), vendor.id == id else { continue }
            let channel = VendorChannel(base: base(of: type), key: key(of: type), type: type)
            var calls = JSONObject()
            for mode in RelayMode.allCases where vendor.serves(mode, of: type) {
                let call = VendorCall(mode: mode, family: family(of: mode), model: "model-1", isStream: false)
                calls["\(mode)"] = vendor.route(call, channel).map(text) ?? .null
            }
            types["\(type.id) \(type.name)"] = .object(calls)
        }
        return .object(types)
    }

    private static func base(of type: ChannelType) -> String {
        type.defaultBaseURL.replacing("{resource_name}", with: "resource").replacing("{region}", with: "region")
    }

    private static func key(of type: ChannelType) -> String {
        switch type.keyRule {
        case .anything: "key-1"
        case .contains(let text): "key-1\(text)secret-2"
        case .vertex: "region-1|project-2|key-3"
        case .parts(_, let most, _): ["key-1", "key-2", "key-3", "key-4"].prefix(most).joined(separator: "|")
        }
    }

    private static func family(of mode: RelayMode) -> ProtocolFamily {
        switch mode {
        case .chatCompletions: .chat
        case .completions: .completions
        case .embeddings: .embeddings
        case .anthropic: .anthropic
        case .gemini: .gemini
        case .responses, .responsesGet, .responsesDelete, .responsesCancel, .responsesInputItems: .responses
        default: .operations
        }
    }

    private static func text(_ route: UpstreamRoute) -> JSONValue {
        var out: JSONObject = ["url": .string(route.url), "protocol": .string(route.wire.family.rawValue)]
        switch route.credential {
        case .none: break
        case .field(let name, let value): out[name] = .string(value)
        case .fields(let fields): for field in fields { out[field.name] = .string(field.value) }
        case .signature(let key):
            out["signed"] = .string(
                [key.service, key.region, key.accessKey, key.secretKey, key.sessionToken ?? "-"].joined(separator: " "))
        case .token(let grant, let fields):
            let placement: String =
                switch grant.placement {
                case .bearer: "bearer"
                case .query(let name): "?" + name
                }
            out["token"] = .string("\(placement) from \(grant.address)")
            for field in fields { out[field.name] = .string(field.value) }
        case .unusable(let reason): out["unusable"] = .string(reason)
        }
        return .object(out)
    }
}
