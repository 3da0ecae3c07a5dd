import FuzzSupport
import JSON
import Testing

/// Mutants of Bedrock's streams; as `FuzzSplitterTests`.
@Suite("Hostile frames")
struct FuzzFrameTests {
    @Test("frames are read or refused, the same however a stream is cut, also with right checksums around wrong bytes")
    func frames() {
        let seeds = FrameChecks.seeds
        let parser = JSONParser()
        for seed in UInt64(1)...600 {
            var mutator = Mutator(seed: seed)
            let bytes = mutator.mutant(of: seeds)
            #expect(throws: Never.self, "seed \(seed)") {
                try FrameChecks.check(
                    bytes, cut: { mutator.pieces(of: [UInt8](repeating: 0, count: $0)).map(\.count) }, parser)
            }
        }
    }
}
