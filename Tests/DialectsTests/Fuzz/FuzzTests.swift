import Foundation
import FuzzSupport
import JSON
import Testing

/// Mutants of good bytes for everything that reads what strangers send: no trap, no endless loop, bounded output, and the same result however a
/// stream is cut. `deploy/fuzz` puts the same questions with libFuzzer.
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
    private func run(_ name: String, _ round: (inout Mutator, UInt64) throws -> Void) {
        defer { alarm(0) }
        for number in 0..<UInt64(Self.rounds) {
            let seed = Self.first &+ number
            alarm(60)
            if Self.isTraced { FileHandle.standardError.write(Data("\(name) \(seed)\n".utf8)) }
            var mutator = Mutator(seed: seed &* 7919)
            #expect(throws: Never.self, "seed \(seed)") { try round(&mutator, seed) }
        }
    }

    @Test("requests are taken or refused, and what is sent is JSON", arguments: FuzzSubject.all)
    func requests(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.bodies(subject.caller)
        try #require(!seeds.isEmpty)
        run("request \(subject)") { mutator, seed in
            try subject.request(mutator.mutant(of: seeds), isStream: seed % 2 == 0, parser)
        }
    }

    @Test("answers are read or refused, and what the caller gets is JSON", arguments: FuzzSubject.all)
    func answers(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.bodies(subject.folder)
        run("answer \(subject)") { mutator, seed in
            try subject.answer(mutator.mutant(of: seeds), status: 400 + Int(seed % 200), parser)
        }
    }

    @Test("streams are relayed or refused, the same however they are cut", arguments: FuzzSubject.all)
    func streams(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.streams(subject.folder)
        run("stream \(subject)") { mutator, _ in
            try subject.stream(mutator.mutant(of: seeds), &mutator, parser)
        }
    }

    @Test(
        "readers tell one start, one end at most and nothing behind it",
        arguments: FuzzSubject.all.filter { $0.caller == "chat" })
    func events(_ subject: FuzzSubject) throws {
        let seeds = FuzzSeeds.streams(subject.folder)
        run("events \(subject)") { mutator, _ in
            try subject.events(mutator.mutant(of: seeds), &mutator, parser)
        }
    }
}
