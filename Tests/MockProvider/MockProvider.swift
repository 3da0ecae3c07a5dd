import EventLoop
import Glibc

/// An OpenAI-dialect upstream for tests and benchmarks; the model name of a request chooses how it answers (see `Behaviour.table`).
///
/// It shares only the event loop with the services: its parser is lenient and its writes are raw, so a fault of the product cannot hide behind the
/// same fault here.
@main
struct MockProvider {
    static func main() {
        var host = "127.0.0.1"
        var port: UInt16 = 0
        var loops = 1
        var records = true
        var arguments = Array(CommandLine.arguments.dropFirst())
        while !arguments.isEmpty {
            let name = arguments.removeFirst()
            switch name {
            case "--no-record":
                records = false
            case "--help":
                tell(Behaviour.help)
                return
            case "--host", "--port", "--loops":
                guard let value = arguments.first else { stop("\(name) needs a value") }
                arguments.removeFirst()
                if name == "--host" {
                    host = value
                } else if name == "--port", let number = UInt16(value) {
                    port = number
                } else if name == "--loops", let number = Int(value), number > 0 {
                    loops = number
                } else {
                    stop("\(name) \(value) is not a number in range")
                }
            default:
                stop("unknown argument \(name); see --help")
            }
        }
        raiseDescriptorLimit()
        do {
            let group = try EventLoopGroup(count: loops, name: "mock")
            try group.start()
            let server = MockServer(group: group, records: records)
            let bound = try server.listen(host: host, port: port)
            tell("listening on \(host):\(bound)\n")
            for loop in group.loops { loop.join() }
        } catch {
            stop("cannot start: \(error)")
        }
    }

    /// Writes to standard output at once, so that a script which waits for the port sees it.
    static func tell(_ text: String) {
        write(1, text)
    }

    static func stop(_ reason: String) -> Never {
        write(2, "mock-provider: \(reason)\n")
        exit(64)
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe _ = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        }
    }

    /// Thousands of streams are open at once in a benchmark.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
