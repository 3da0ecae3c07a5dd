import Configuration
import EventLoop
import Foundation
import HTTPCore
import HTTPServer
import Lifecycle
import Synchronization
import Telemetry
import Testing

@testable import ServiceKit

/// Settings of the program under test.
private struct ProbeConfig: Sendable {
    let service: ServiceConfig
    let key: Redacted<String>
}

/// A service that ends as told.
private final class Probe: Service {
    let name = "probe"
    private let body: @Sendable () throws -> Void
    private let stop = StopSignal()
    private let waits: Bool

    init(waits: Bool, _ body: @escaping @Sendable () throws -> Void = {}) {
        self.waits = waits
        self.body = body
    }

    func run() async throws {
        try body()
        if waits { await stop.wait() }
    }

    func shutdown(deadline: Duration) async { stop.raise() }
}

private struct Broken: Error {}

@Suite("ServiceKit: the common main", .serialized)
struct BootstrapTests {
    private func program(
        _ assemble: @escaping @Sendable (ProbeConfig, ServiceContext) async throws -> [any Service] = { _, _ in [] },
        migrate: (@Sendable (ProbeConfig, ServiceContext) async throws -> Void)? = nil
    ) -> ServiceProgram<ProbeConfig> {
        ServiceProgram(
            tool: CommandLineTool(name: "probe", summary: "is probed", version: "9.9.9"),
            configure: { reader in
                ProbeConfig(
                    service: ServiceConfig(&reader, listen: ListenAddress(host: "127.0.0.1", port: 0)),
                    key: reader.requiredSecret("KEY", hint: "any text"))
            },
            common: \.service, assemble: assemble, migrate: migrate)
    }

    /// The exit code of a run on a thread of its own, with what it printed. The closure gets that thread.
    private func run(
        _ arguments: [String], _ program: ServiceProgram<ProbeConfig>,
        environment: [String: String] = ["KEY": "sk-secret", "LOOPS": "1", "LOG_LEVEL": "error"]
    ) async -> (code: ExitCode, output: String, problems: String) {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                var (output, problems) = ("", "")
                let code = Bootstrap.code(
                    program, arguments: arguments, environment: environment, output: { output += $0 },
                    problems: { problems += $0 })
                continuation.resume(returning: (code, output, problems))
            }
            thread.start()
        }
    }

    @Test("version and help are printed and end well")
    func version() async {
        let version = await run(["version"], program(), environment: [:])
        #expect(version.code == .success)
        #expect(version.output == "probe 9.9.9\n")
        let help = await run(["--help"], program(), environment: [:])
        #expect(help.code == .success)
        #expect(help.output.contains("check-config"))
    }

    @Test("an unknown subcommand ends with 64 and says so on standard error")
    func usage() async {
        let result = await run(["dance"], program())
        #expect(result.code == .usage)
        #expect(result.output == "")
        #expect(result.problems.hasPrefix("probe: 'dance' is not a subcommand"))
    }

    @Test(
        "a wrong configuration ends with 78 and lists every problem, whatever the subcommand",
        arguments: ["serve", "migrate", "check-config"])
    func wrongConfiguration(subcommand: String) async {
        let result = await run([subcommand, "--typo=1"], program(), environment: ["LOOPS": "many"])
        #expect(result.code == .configuration)
        #expect(
            result.problems == """
                probe: the configuration is wrong
                LOOPS: "many" is not a whole number from 1 to 256
                KEY: is required (or KEY_FILE): any text
                --typo: is not a known argument

                """)
    }

    @Test("check-config prints what is in effect, without secrets")
    func checkConfig() async {
        let result = await run(["check-config", "--listen=:80"], program())
        #expect(result.code == .success)
        #expect(result.output.contains("LISTEN=0.0.0.0:80  # argument\n"))
        #expect(result.output.contains("KEY=•••  # environment\n"))
        #expect(!result.output.contains("sk-secret"))
    }

    @Test("migrate runs the migration and ends; without a database there is nothing to do; a failure gives 1")
    func migrate() async {
        let ran = Mutex(false)
        let done = await run(
            ["migrate"],
            program(migrate: { _, context in
                #expect(context.group.loops[0].isCurrent)
                ran.withLock { $0 = true }
            }))
        #expect(done.code == .success)
        #expect(ran.withLock { $0 })
        let none = await run(["migrate"], program())
        #expect(none.code == .success)
        #expect(none.output == "probe keeps no database: nothing to migrate\n")
        #expect(await run(["migrate"], program(migrate: { _, _ in throw Broken() })).code == .failure)
    }

    @Test("what cannot be assembled, fails or ends by itself gives 1")
    func failures() async {
        #expect(await run([], program { _, _ in throw Broken() }).code == .failure)
        #expect(await run([], program { _, _ in [Probe(waits: true), Probe(waits: false)] }).code == .failure)
        #expect(await run([], program { _, _ in [Probe(waits: false) { throw Broken() }] }).code == .failure)
    }

    @Test(
        "services are assembled and run on a loop of the service, and a signal stops them with 0",
        arguments: [SIGTERM, SIGINT])
    func signal(number: Int32) async {
        let code = await withCheckedContinuation { (continuation: CheckedContinuation<ExitCode, Never>) in
            Thread {
                var set = sigset_t()
                unsafe sigemptyset(&set)
                unsafe sigaddset(&set, number)
                unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
                let main = pthread_self()
                let program = program { _, context in
                    #expect(context.group.loops[0].isCurrent)
                    return [
                        Probe(waits: true) {
                            #expect(context.group.loops[0].isCurrent)
                            pthread_kill(main, number)
                        }
                    ]
                }
                continuation.resume(
                    returning: Bootstrap.code(
                        program, arguments: [], environment: ["KEY": "x", "LOOPS": "1", "LOG_LEVEL": "error"]))
            }.start()
        }
        #expect(code == .success)
    }

    @Test("the operational routes answer over HTTP, and the server drains with the group")
    func server() async throws {
        let answers = Mutex<[String]>([])
        let result = await run(
            [],
            program { _, context in
                let database = context.readiness.addSwitch("postgres", reason: "connecting")
                var router = Router()
                OperationalRoutes(readiness: context.readiness, metrics: context.metrics).add(to: &router)
                let routes = router
                let server = HTTPServer(ServerConfiguration(host: "127.0.0.1", port: 0), group: context.group) {
                    request, response in
                    try await routes.handle(request, response)
                }
                let http = HTTPService(server, context: context)
                let client = Probe(waits: true) {
                    Thread {
                        for _ in 0..<500 where http.address == nil { usleep(10000) }
                        guard let port = http.address?.port else {
                            return answers.withLock { $0.append("the server does not listen") }
                        }
                        for path in ["/livez", "/readyz", "/metrics"] {
                            answers.withLock { $0.append(Self.get(path, port)) }
                        }
                        database.set(.ready)
                        answers.withLock { $0.append(Self.get("/readyz", port)) }
                        context.group.loops[0].spawn { await http.shutdown(deadline: .seconds(5)) }
                    }.start()
                }
                return [client, http]
            })
        // The server ended although nobody stopped the group, so the group ends with a failure.
        #expect(result.code == .failure)
        let lines = answers.withLock { $0 }
        try #require(lines.count == 4)
        #expect(lines[0].hasPrefix("HTTP/1.1 200"))
        #expect(lines[0].hasSuffix(#"{"alive":true}"#))
        #expect(lines[1].hasPrefix("HTTP/1.1 503"))
        #expect(lines[1].hasSuffix(#"{"ready":false,"checks":{"postgres":"connecting"}}"#))
        #expect(lines[2].contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        for name in [
            "http_server_connections_open 1\n", "http_server_requests_in_flight 1\n", "process_resident_memory_bytes ",
            "log_lines_dropped_total 0\n",
        ] {
            #expect(lines[2].contains("\n\(name)"))
        }
        #expect(lines[3].hasSuffix(#"{"ready":true,"checks":{"postgres":"ready"}}"#))
    }

    /// One request on a connection of its own; the whole answer.
    private static func get(_ path: String, _ port: UInt16) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return "no connection" }
        let request = Array("GET \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".utf8)
        guard unsafe write(descriptor, request, request.count) == request.count else { return "not sent" }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            answer.append(contentsOf: chunk[..<count])
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
