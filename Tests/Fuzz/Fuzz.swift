import CLibFuzzer
import Foundation
import FuzzSupport
import JSON

/// `fuzz TARGET seeds FOLDER` writes the bytes to begin with; `fuzz TARGET …` gives the rest to libFuzzer where it is linked (see `deploy/fuzz`), and
/// else puts the question once with each file that is named, which repeats what was found.
@main
struct Fuzz {
    // SAFETY: set once before libFuzzer, which is one thread, begins to call.
    nonisolated(unsafe) private static var target = FuzzTarget.json
    nonisolated(unsafe) private static let parser = JSONParser()

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let target = FuzzTarget(rawValue: arguments[1]) else {
            print("usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) seeds FOLDER | FILE...")
            exit(64)
        }
        unsafe Self.target = target
        do {
            if arguments[2] == "seeds", arguments.count == 4 { return try write(target.seeds, to: arguments[3]) }
            #if FUZZING
                run()
            #else
                for file in arguments[2...] { try ask(Array(Data(contentsOf: URL(fileURLWithPath: file)))) }
            #endif
        } catch {
            print("\(error)")
            exit(1)
        }
    }

    private static func write(_ seeds: [[UInt8]], to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (number, seed) in seeds.enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(number)"))
        }
    }

    private static func ask(_ bytes: [UInt8]) throws {
        try unsafe target.check(bytes, parser)
    }

    #if FUZZING
        /// The driver calls back for each input, and ends the process.
        private static func run() {
            var count = CommandLine.argc - 1
            var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
            exit(unsafe LLVMFuzzerRunDriver(&count, &arguments, check))
        }
    #endif

    fileprivate static func mustHold(_ bytes: [UInt8]) {
        do {
            try ask(bytes)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

#if FUZZING
    /// What libFuzzer calls; it has a main of its own that wants this name, and is not used.
    @_cdecl("LLVMFuzzerTestOneInput")
    func check(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        Fuzz.mustHold(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
#endif
