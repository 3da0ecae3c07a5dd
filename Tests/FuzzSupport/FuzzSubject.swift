import Contracts
import HTTPCore
import InferenceModel
package import JSON

@testable import Dialects

/// One exchange of a caller's protocol with an upstream's, as the gateway makes it, and what must hold of it whatever the bytes.
package struct FuzzSubject: CustomStringConvertible, Sendable {
    package let caller: String
    package let upstream: String

    package var description: String { "\(caller) → \(upstream)" }

    private static let callers: [String: (any CallerDialect, RelayMode)] = [
        "chat": (OpenAIDialect(), .chatCompletions), "responses": (ResponsesDialect(), .responses),
        "anthropic": (AnthropicDialect(), .anthropic), "gemini": (GeminiDialect(), .gemini),
    ]
    private static let wires: [String: Wire] = [
        "chat": Wire(.chat, ChatUpstream(OpenAICompatible.openAI.traits)),
        "deepseek": Wire(
            .chat, ChatUpstream(OpenAICompatible.deepSeek.traits), traits: OpenAICompatible.deepSeek.traits),
        "responses": Wire(.responses, ResponsesUpstream()), "anthropic": Wire(.anthropic, AnthropicUpstream()),
        "gemini": Wire(.gemini, GeminiUpstream()), "ollama": Wire(.vendor, OllamaUpstream()),
        "cohere": Wire(.vendor, CohereUpstream()),
        "bedrock": Wire(.anthropic, AnthropicUpstream(.bedrock)),
        "baidu-v1": Wire(.vendor, BaiduV1Upstream()),
    ]

    /// Every caller with every upstream.
    package static let all = callers.keys.sorted().flatMap { caller in
        wires.keys.sorted().map { FuzzSubject(caller: caller, upstream: $0) }
    }

    /// The folder of the golden files that the upstream's bytes are like.
    package var folder: String {
        switch upstream {
        case "deepseek", "ollama": "vendors"
        case "cohere", "baidu-v1": "vendors/\(upstream)"
        case "bedrock": "anthropic"
        default: upstream
        }
    }

    /// The bytes of a stream as the upstream sends it: Bedrock's events come in frames.
    private func sent(_ bytes: [UInt8]) -> [UInt8] {
        upstream == "bedrock" ? FrameFixture.events(ofSSE: bytes).flatMap { FrameFixture.chunk($0) } : bytes
    }

    /// A request of the caller's that every upstream takes.
    private func plain(_ isStream: Bool) -> [UInt8] {
        let start = #"{"model":"m","max_tokens":9,"stream":\#(isStream),"#
        switch caller {
        case "responses": return Array(#"{"model":"m","stream":\#(isStream),"input":"a"}"#.utf8)
        case "gemini": return Array(#"{"contents":[{"role":"user","parts":[{"text":"a"}]}]}"#.utf8)
        default: return Array((start + #""messages":[{"role":"user","content":"a"}]}"#).utf8)
        }
    }

    /// The exchange of a request; of a plain one when none is given.
    private func exchange(_ body: [UInt8]? = nil, isStream: Bool, _ parser: JSONParser) throws -> any Exchange {
        guard let (dialect, mode) = Self.callers[caller], let wire = Self.wires[upstream],
            let type = ChannelType.find(1)
        else { throw Finding("there is no \(self)") }
        let request = CallerRequest(
            mode: mode, body: body ?? plain(isStream), pathModel: mode == .gemini ? "m" : nil,
            action: mode == .gemini ? (isStream ? "streamGenerateContent" : "generateContent") : nil,
            query: isStream ? "alt=sse" : nil)
        let call = try dialect.read(request, parser: parser)
        let context = UpstreamContext(
            mode: mode, channelType: type, upstreamModel: "up", requestedModel: "asked", now: 1_700_000_000,
            nonce: "nonce")
        guard let exchange = try wire.exchange(call, context, parser: parser) else {
            throw Finding("\(self) has no exchange")
        }
        return exchange
    }

    private static func isSmall(_ out: Int, _ input: Int) -> Bool { out <= input * 64 + 65_536 }

    // MARK: Properties

    /// A request is taken or refused; what is sent is JSON, and not much more than what came.
    package func request(_ bytes: [UInt8], isStream: Bool, _ parser: JSONParser) throws {
        let body: [UInt8]
        do {
            body = try exchange(bytes, isStream: isStream, parser).request.bytes
        } catch is InvalidRequest {
            return
        }
        try Finding.expect((try? JSONValue.parse(body)) != nil, "\(self) sends no JSON: \(body.text)")
        try Finding.expect(Self.isSmall(body.count, bytes.count), "\(self) sends \(body.count) bytes")
    }

    /// An answer is read or refused, and what the caller gets is JSON; any bytes give an error, too.
    package func answer(_ bytes: [UInt8], status: Int, _ parser: JSONParser) throws {
        let exchange = try exchange(isStream: false, parser)
        if let answer = try? exchange.answer(bytes, parser: parser) {
            try Finding.expect(
                (try? JSONValue.parse(answer.body)) != nil, "\(self) answers no JSON: \(answer.body.text)")
            try Finding.expect(
                Self.isSmall(answer.body.count, bytes.count), "\(self) answers \(answer.body.count) bytes")
        }
        let refusal = exchange.refusal(status: status, headers: [:], body: bytes, parser: parser)
        try Finding.expect((400...599).contains(refusal.status), "\(self) refuses with \(refusal.status)")
    }

    /// What came of a stream.
    private struct Outcome: Equatable {
        var out: [UInt8] = []
        var isComplete = false
        var fault: String?
    }

    private static func relay(_ pieces: [[UInt8]], _ relay: any StreamRelay, _ parser: JSONParser) -> Outcome {
        var relay = relay
        var outcome = Outcome()
        do {
            for piece in pieces { try relay.feed(piece, parser: parser, into: &outcome.out) }
            outcome.isComplete = try relay.end(parser: parser, into: &outcome.out)
        } catch {
            outcome.fault = "\(error)"
        }
        return outcome
    }

    /// A stream is relayed or refused, the same however it is cut.
    ///
    /// - Parameter mutator: Cuts it.
    package func stream(_ bytes: [UInt8], _ mutator: inout Mutator, _ parser: JSONParser) throws {
        let bytes = sent(bytes)
        let pieces = mutator.pieces(of: bytes)
        let exchange = try exchange(isStream: true, parser)
        let whole = Self.relay([bytes], exchange.makeStream(), parser)
        try Finding.expect(Self.isSmall(whole.out.count, bytes.count), "\(self) relays \(whole.out.count) bytes")
        let cut = Self.relay(pieces, exchange.makeStream(), parser)
        try Finding.expect(
            cut == whole,
            """
            \(self): \(bytes.text)
            whole \(whole.fault ?? "") \(whole.isComplete) \(whole.out.text)
            cut \(cut.fault ?? "") \(cut.isComplete) \(cut.out.text)
            """)
    }

    /// The upstream's reader tells one start, one end at most and nothing behind it.
    package func events(_ bytes: [UInt8], _ mutator: inout Mutator, _ parser: JSONParser) throws {
        let pieces = mutator.pieces(of: sent(bytes))
        guard let dialect = Self.wires[upstream]?.inference, let type = ChannelType.find(1) else { return }
        let context = UpstreamContext(channelType: type, upstreamModel: "up", requestedModel: "asked")
        var reader = dialect.makeEventReader(context)
        var events: [InferenceEvent] = []
        do {
            for piece in pieces { try reader.feed(piece, parser: parser, into: &events) }
            try reader.end(parser: parser, into: &events)
        } catch {
            try Finding.expect(!events.contains(.ended), "\(upstream): an error behind the end")
        }
        try Finding.expect(events.count { $0 == .ended } <= 1, "\(upstream): two ends")
        if events.contains(.ended) { try Finding.expect(events.last == .ended, "\(upstream): more behind the end") }
        let starts = events.count { if case .started = $0 { true } else { false } }
        try Finding.expect(starts <= 1 && (starts == 1 || events.isEmpty), "\(upstream): \(starts) starts")
        let count = pieces.reduce(0) { $0 + $1.count }
        try Finding.expect(events.count <= count + 64, "\(upstream): \(events.count) events of \(count) bytes")
    }
}

extension [UInt8] {
    /// The bytes as they are shown in a finding.
    var text: String { String(decoding: self, as: UTF8.self) }
}
