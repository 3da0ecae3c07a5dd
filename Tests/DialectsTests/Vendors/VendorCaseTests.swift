import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// The cases beside the routes of vendors of OpenAI's protocol, and of those with one of their own. What a case holds is tested:
///
/// | in | out |
/// |---|---|
/// | `request.json`, the body of a caller of chat | `sent.json`, what passes where it does; `converted.json`, the same through the neutral shape |
/// | `answer.json`, of the vendor | `answered.json`; `retold.json` |
/// | `stream.txt`, of the vendor, also cut at every place | `streamed.txt`; `restreamed.txt` |
/// | `error.json`, with `status` and `body` | `fault.json` |
///
/// `configs.json` is the channel's. A vendor with a protocol of its own has no `sent.json`, `answered.json` and `streamed.txt`.
@Suite("Vendor cases")
struct VendorCaseTests {
    static let cases = VendorRouteTests.ids.flatMap { GoldenCase.all(in: "vendors/\($0)") }
        .filter { $0.name != "route" && isConverted($0) }

    private static func type(_ golden: GoldenCase) -> ChannelType? {
        let id = String(golden.folder.dropFirst("vendors/".count))
        return ChannelType.all.first { DialectCatalog.vendor(of: $0)?.id == id }
    }

    private static func isConverted(_ golden: GoldenCase) -> Bool {
        guard let type = type(golden) else { return false }
        let route = DialectCatalog.vendor(of: type)?.route(
            VendorCall(mode: .chatCompletions, family: .chat, model: "m", isStream: false),
            VendorChannel(base: "https://v.test", key: "k|k2", type: type))
        guard let wire = route?.wire, wire.inference != nil else { return false }
        return wire.family == .chat || wire.family == .vendor
    }

    private let parser = JSONParser()

    private struct Setup {
        let wire: Wire
        let context: UpstreamContext
        let call: ChatCall
    }

    /// The call of a case; without a request a stream that says nothing of its usage.
    private func setup(_ golden: GoldenCase) throws -> Setup {
        let type = try #require(Self.type(golden))
        let usual = Array(#"{"model":"model-1","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#.utf8)
        let body = golden.has("request.json") ? try golden.bytes("request.json") : usual
        let call = ChatCall(try OpenAIRequest(body, parser: parser))
        let configs = golden.has("configs.json") ? try golden.json("configs.json").object ?? [:] : [:]
        let route = try #require(
            DialectCatalog.vendor(of: type)?.route(
                VendorCall(mode: .chatCompletions, family: .chat, model: call.model, isStream: call.isStream),
                VendorChannel(base: "https://v.test", key: "k|k2", type: type, configs: configs)))
        let context = UpstreamContext(
            channelType: type, upstreamModel: call.model, requestedModel: "asked", configs: configs, now: 1_700_000_000,
            nonce: "nonce")
        return Setup(wire: route.wire, context: context, call: call)
    }

    /// The caller's own protocol where the vendor speaks it, and the way through the neutral shape.
    private func exchanges(_ setup: Setup) throws -> (passing: (any Exchange)?, converted: any Exchange) {
        let upstream = try #require(setup.wire.inference)
        return (
            setup.wire.family == .chat
                ? try setup.wire.exchange(setup.call, setup.context, parser: parser) : nil,
            try ConvertedInference(
                setup.call, to: upstream, streamsOnly: setup.wire.traits.streamsOnly, setup.context, parser: parser)
        )
    }

    @Test("requests", arguments: cases.filter { $0.has("request.json") })
    func requests(golden: GoldenCase) throws {
        let both = try exchanges(setup(golden))
        if let passing = both.passing { try golden.expect(json: passing.request.bytes, "sent.json") }
        try golden.expect(json: both.converted.request.bytes, "converted.json")
    }

    @Test("answers", arguments: cases.filter { $0.has("answer.json") })
    func answers(golden: GoldenCase) throws {
        let setup = try setup(golden)
        let bytes = try golden.bytes("answer.json")
        if let passing = try exchanges(setup).passing {
            try golden.expect(json: passing.answer(bytes, parser: parser).body, "answered.json")
        }
        let response = try #require(setup.wire.inference).read(bytes, setup.context, parser: parser)
        try golden.expect(json: setup.call.write(response, setup.context), "retold.json")
    }

    @Test("streams", arguments: cases.filter { $0.has("stream.txt") })
    func streams(golden: GoldenCase) throws {
        let both = try exchanges(setup(golden))
        let bytes = try golden.bytes("stream.txt")
        let told = try StreamSplits.relay(bytes) { both.converted.makeStream() }
        #expect(told.isComplete && told.relay.usage != nil)
        if let passing = both.passing {
            let passed = try StreamSplits.relay(bytes) { passing.makeStream() }
            #expect(passed.isComplete && passed.relay.usage == told.relay.usage)
            try golden.expect(text: passed.text, "streamed.txt")
        }
        try golden.expect(text: told.text, "restreamed.txt")
    }

    @Test("errors", arguments: cases.filter { $0.has("error.json") })
    func errors(golden: GoldenCase) throws {
        let both = try exchanges(setup(golden))
        let input = try golden.json("error.json")
        let status = try #require(input["status"]?.int)
        let body = try #require(input["body"]).serialized()
        var faults: [UpstreamError] = []
        for exchange in [both.passing, both.converted].compactMap(\.self) {
            if status == 200 {
                faults.append(
                    try #require(throws: UpstreamError.self) { try exchange.answer(body, parser: parser) })
            } else {
                faults.append(exchange.refusal(status: status, headers: [:], body: body, parser: parser))
            }
        }
        #expect(faults.allSatisfy { $0 == faults[0] }, "both ways must understand the error alike")
        let fault = faults[0]
        let text: JSONObject = [
            "status": .int(fault.status), "message": .string(fault.message), "type": .string(fault.type),
            "code": fault.code,
        ]
        try golden.expect(json: JSONValue.object(text).serialized(), "fault.json")
    }
}
