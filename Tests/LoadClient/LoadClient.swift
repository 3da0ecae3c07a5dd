import EventLoop
import Glibc

/// What the benchmarks measure with where `wrk` does not fit: many paced streams at once, and the time of one call after the other.
///
/// It prints one JSON object. It shares only the event loop with the services; HTTP is written and read here with as little as the measurement needs.
/// `tenants` measures nothing: it writes the script that fills a registry with tokens.
@main
struct LoadClient {
    static func main() {
        let options: Options
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            if arguments.first == "tenants" {
                let secretsKey = unsafe getenv("SECRETS_KEY").map { unsafe String(cString: $0) }
                return try TenantScript(Array(arguments.dropFirst()), secretsKey: secretsKey).run()
            }
            options = try Options(arguments)
        } catch {
            complain("\(error)\n\(Options.usage)")
            exit(64)
        }
        do {
            switch options.mode {
            case .latency:
                print(try LatencyRun(options).run())
            case .streams:
                print(try StreamRun(options).run())
            }
        } catch {
            complain("\(error)\n")
            exit(1)
        }
    }

    private static func complain(_ text: String) {
        let bytes = Array("load-client: \(text)".utf8)
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe _ = write(2, buffer.baseAddress, buffer.count)
        }
    }
}

/// Why a measurement could not be made.
enum LoadError: Error, CustomStringConvertible {
    case argument(String)
    case system(String, Int32)
    case answer(String)

    var description: String {
        switch self {
        case .argument(let text): text
        case .system(let call, let code): "\(call) failed with error \(code)"
        case .answer(let text): "unexpected answer: \(text)"
        }
    }
}
