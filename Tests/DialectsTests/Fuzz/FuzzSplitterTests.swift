import FuzzSupport
import JSON
import Testing

/// Mutants for the readers below the dialects; as `FuzzTests`, with a fixed number of rounds.
@Suite("Hostile bytes for splitters, forms and JSON")
struct FuzzSplitterTests {
    private static let rounds: ClosedRange<UInt64> = 1...600

    private func run(_ seeds: [[UInt8]], _ check: ([UInt8], [[UInt8]], Int) throws -> Void) {
        for seed in Self.rounds {
            var mutator = Mutator(seed: seed)
            let bytes = mutator.mutant(of: seeds)
            let pieces = mutator.pieces(of: bytes)
            #expect(throws: Never.self, "seed \(seed)") { try check(bytes, pieces, Int(seed)) }
        }
    }

    @Test("events of a stream are the same however it is cut, and no byte is lost")
    func events() {
        run(FuzzSeeds.streams("chat") + FuzzSeeds.streams("anthropic")) { bytes, pieces, _ in
            try SplitterChecks.events(bytes, cut: pieces)
        }
    }

    @Test("lines of a stream are the same however it is cut")
    func lines() {
        run(FuzzSeeds.streams("vendors")) { bytes, pieces, _ in try SplitterChecks.lines(bytes, cut: pieces) }
    }

    @Test("forms are read or refused, the same however they arrive")
    func forms() {
        run([FuzzSeeds.form]) { bytes, pieces, _ in try SplitterChecks.form(bytes, cut: pieces) }
    }

    @Test(
        "JSON is read or refused as a plain reader does it; what was read is written and read again; edits leave JSON")
    func json() {
        let parser = JSONParser()
        run(["chat", "anthropic", "gemini"].flatMap { FuzzSeeds.bodies($0) }) { bytes, _, number in
            try JSONChecks.check(bytes, number, parser)
        }
    }
}
