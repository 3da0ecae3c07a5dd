import FuzzSupport
import JSON

/// What can be asked with bytes that a fuzzer makes.
enum FuzzTarget: String, CaseIterable {
    case json
    case events
    case lines
    case form
    case frames
    case requests
    case answers
    case streams

    /// Whether the last byte chooses among `FuzzSubject.all`, and is no part of the bytes.
    private var isOfSubjects: Bool { self == .requests || self == .answers || self == .streams }

    /// Puts the question.
    ///
    /// - Throws: `Finding` when something does not hold.
    func check(_ bytes: [UInt8], _ parser: JSONParser) throws {
        guard let last = bytes.last else { return }
        guard isOfSubjects else { return try checkReaders(bytes, Int(last), parser) }
        let number = Int(last)
        let subject = FuzzSubject.all[number % FuzzSubject.all.count]
        let bytes = Array(bytes.dropLast())
        switch self {
        case .requests: try subject.request(bytes, isStream: number < 128, parser)
        case .answers: try subject.answer(bytes, status: 400 + number, parser)
        default:
            var mutator = Self.mutator(bytes)
            try subject.stream(bytes, &mutator, parser)
            try subject.events(bytes, &mutator, parser)
        }
    }

    private func checkReaders(_ bytes: [UInt8], _ number: Int, _ parser: JSONParser) throws {
        var mutator = Self.mutator(bytes)
        let pieces = mutator.pieces(of: bytes)
        switch self {
        case .events: try SplitterChecks.events(bytes, cut: pieces)
        case .lines: try SplitterChecks.lines(bytes, cut: pieces)
        case .form: try SplitterChecks.form(bytes, cut: pieces)
        case .frames:
            try FrameChecks.check(
                bytes, cut: { mutator.pieces(of: [UInt8](repeating: 0, count: $0)).map(\.count) }, parser)
        default: try JSONChecks.check(bytes, number, parser)
        }
    }

    /// Random numbers that the bytes themselves choose, so that a finding can be repeated.
    private static func mutator(_ bytes: [UInt8]) -> Mutator {
        Mutator(seed: bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }

    /// The bytes to begin with, made of the golden files.
    var seeds: [[UInt8]] {
        let protocols = ["chat", "responses", "anthropic", "gemini", "vendors"]
        switch self {
        case .json: return protocols.flatMap { FuzzSeeds.bodies($0) }
        case .events, .lines: return protocols.flatMap { FuzzSeeds.streams($0) }
        case .form: return [FuzzSeeds.form]
        case .frames: return FrameChecks.seeds
        case .requests, .answers, .streams:
            return FuzzSubject.all.enumerated().flatMap { number, subject in
                let plain =
                    switch self {
                    case .requests: FuzzSeeds.bodies(subject.caller)
                    case .answers: FuzzSeeds.bodies(subject.folder)
                    default: FuzzSeeds.streams(subject.folder)
                    }
                return plain.map { $0 + [UInt8(number)] }
            }
        }
    }
}
