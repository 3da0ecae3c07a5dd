import Contracts
import Foundation
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// One exchange of a caller's protocol with an upstream's, as the gateway makes it.
struct FuzzSubject: CustomTestStringConvertible, Sendable {
    let caller: String
    let upstream: String

    var testDescription: String { "\(caller) → \(upstream)" }

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
    ]
    static let all = callers.keys.sorted().flatMap { caller in
        wires.keys.sorted().map { FuzzSubject(caller: caller, upstream: $0) }
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
    func exchange(_ body: [UInt8]? = nil, isStream: Bool, parser: JSONParser) throws -> (any Exchange)? {
        let (dialect, mode) = try #require(Self.callers[caller])
        let request = CallerRequest(
            mode: mode, body: body ?? plain(isStream), pathModel: mode == .gemini ? "m" : nil,
            action: mode == .gemini ? (isStream ? "streamGenerateContent" : "generateContent") : nil,
            query: isStream ? "alt=sse" : nil)
        let call = try dialect.read(request, parser: parser)
        let context = UpstreamContext(
            mode: mode, channelType: try #require(ChannelType.find(1)), upstreamModel: "up", requestedModel: "asked",
            now: 1_700_000_000, nonce: "nonce")
        return try #require(Self.wires[upstream]).exchange(call, context, parser: parser)
    }

    /// The folder of the golden files that the upstream's bytes are like.
    var folder: String { upstream == "deepseek" || upstream == "ollama" ? "vendors" : upstream }
}

/// Mutants of good bytes for everything that reads what strangers send: no trap, no endless loop, bounded output, and the same result however a
/// stream is cut.
///
/// `FUZZ_ROUNDS` sets the mutants per subject (40 unless told), `FUZZ_SEED` where they start; `FUZZ_TRACE=1` names each before it is read, which finds
/// the one that traps. A mutant that takes longer than 60 seconds ends the process by SIGALRM.
@Suite("Hostile bytes", .serialized)
struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let rounds = environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 40
    private static let first = environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    private static let isTraced = environment["FUZZ_TRACE"] == "1"

    private let parser = JSONParser()

    /// Runs the rounds of one subject, each with random numbers of its own.
    private func run(_ name: String, _ round: (inout Mutator, UInt64) throws -> Void) rethrows {
        defer { alarm(0) }
        for number in 0..<UInt64(Self.rounds) {
            let seed = Self.first &+ number
            alarm(60)
            if Self.isTraced { FileHandle.standardError.write(Data("\(name) \(seed)\n".utf8)) }
            var mutator = Mutator(seed: seed &* 7919)
            try round(&mutator, seed)
        }
    }

    @Test("requests are taken or refused, and what is sent is JSON", arguments: FuzzSubject.all)
    func requests(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.bodies(subject.caller)
        try #require(!seeds.isEmpty)
        try run("request \(subject)") { mutator, seed in
            let bytes = mutator.mutant(of: seeds)
            do {
                let exchange = try #require(try subject.exchange(bytes, isStream: seed % 2 == 0, parser: parser))
                #expect(throws: Never.self, "seed \(seed)") { try JSONValue.parse(exchange.request.bytes) }
                #expect(exchange.request.bytes.count <= bytes.count * 64 + 65_536, "seed \(seed)")
            } catch is InvalidRequest {
                return
            }
        }
    }

    @Test("answers are read or refused, and what the caller gets is JSON", arguments: FuzzSubject.all)
    func answers(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.bodies(subject.folder)
        let exchange = try #require(try subject.exchange(isStream: false, parser: parser))
        try run("answer \(subject)") { mutator, seed in
            let bytes = mutator.mutant(of: seeds)
            do {
                let answer = try exchange.answer(bytes, parser: parser)
                #expect(throws: Never.self, "seed \(seed)") { try JSONValue.parse(answer.body) }
                #expect(answer.body.count <= bytes.count * 64 + 65_536, "seed \(seed)")
            } catch is UpstreamError {
                // A refusal is as good; any bytes give an error, too.
            }
            let refusal = exchange.refusal(status: 400 + Int(seed % 200), headers: [:], body: bytes, parser: parser)
            #expect((400...599).contains(refusal.status), "seed \(seed)")
        }
    }

    /// What came of a stream.
    private struct Outcome: Equatable {
        var out: [UInt8] = []
        var isComplete = false
        var fault: String?
    }

    private func relay(_ pieces: [[UInt8]], _ relay: any StreamRelay) -> Outcome {
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

    @Test("streams are relayed or refused, the same however they are cut", arguments: FuzzSubject.all)
    func streams(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.streams(subject.folder)
        let exchange = try #require(try subject.exchange(isStream: true, parser: parser))
        run("stream \(subject)") { mutator, seed in
            let bytes = mutator.mutant(of: seeds)
            let whole = relay([bytes], exchange.makeStream())
            #expect(whole.out.count <= bytes.count * 64 + 65_536, "seed \(seed)")
            let cut = relay(mutator.pieces(of: bytes), exchange.makeStream())
            #expect(
                cut == whole,
                """
                seed \(seed): \(String(decoding: bytes, as: UTF8.self))
                whole \(whole.fault ?? "") \(whole.isComplete) \(String(decoding: whole.out, as: UTF8.self))
                cut \(cut.fault ?? "") \(cut.isComplete) \(String(decoding: cut.out, as: UTF8.self))
                """)
        }
    }

    private static let upstreams: [(name: String, dialect: any UpstreamDialect)] = [
        ("chat", ChatUpstream(OpenAITraits())), ("responses", ResponsesUpstream()),
        ("anthropic", AnthropicUpstream()), ("gemini", GeminiUpstream()), ("vendors", OllamaUpstream()),
    ]

    @Test("readers tell one start, one end at most and nothing behind it", arguments: 0..<5)
    func events(_ place: Int) throws {
        let (name, dialect) = Self.upstreams[place]
        let seeds = FuzzSeeds.streams(name)
        let context = UpstreamContext(
            channelType: try #require(ChannelType.find(1)), upstreamModel: "up", requestedModel: "asked")
        run("events \(name)") { mutator, seed in
            let bytes = mutator.mutant(of: seeds)
            var reader = dialect.makeEventReader(context)
            var events: [InferenceEvent] = []
            do {
                for piece in mutator.pieces(of: bytes) { try reader.feed(piece, parser: parser, into: &events) }
                try reader.end(parser: parser, into: &events)
            } catch {
                #expect(!events.contains(.ended), "seed \(seed): an error behind the end")
            }
            #expect(events.count { $0 == .ended } <= 1, "seed \(seed)")
            if events.contains(.ended) { #expect(events.last == .ended, "seed \(seed)") }
            let starts = events.count { if case .started = $0 { true } else { false } }
            #expect(starts <= 1 && (starts == 1 || events.isEmpty), "seed \(seed)")
            #expect(events.count <= bytes.count + 64, "seed \(seed)")
        }
    }
}
