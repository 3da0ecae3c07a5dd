package import Configuration
import Glibc
package import Telemetry

/// The settings that all three services share.
package struct ServiceConfig: Sendable {
    /// Where the service listens (`LISTEN`).
    package let listen: ListenAddress
    /// The lowest level that is logged (`LOG_LEVEL`).
    package let logLevel: LogLevel
    /// How long streams may go on after a stop (`DRAIN_SECONDS`).
    package let drain: Duration
    /// How many event loops run (`LOOPS`); one for each processor that the process may use.
    package let loops: Int

    /// Settings given directly, for tests.
    package init(listen: ListenAddress, logLevel: LogLevel = .info, drain: Duration = .seconds(30), loops: Int = 1) {
        self.listen = listen
        self.logLevel = logLevel
        self.drain = drain
        self.loops = loops
    }

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - reader: Collects what is wrong with them.
    ///   - standard: Where the service listens when nobody says.
    package init(_ reader: inout ConfigReader, listen standard: ListenAddress) {
        listen = reader.parsed(
            "LISTEN", default: standard, form: "an address such as 127.0.0.1:3000, [::1]:3000 or :3000"
        ) {
            ListenAddress($0)
        }
        logLevel = reader.choice(
            "LOG_LEVEL", default: .info, from: LogLevel.allCases.map { (word: $0.name, value: $0) })
        drain = reader.duration("DRAIN_SECONDS", default: .seconds(30), in: .zero ... .seconds(3600))
        loops = reader.int("LOOPS", default: Self.processors, in: 1...256)
    }

    /// The processors this process may use, by its affinity mask (a container's set is smaller than the machine's).
    static var processors: Int {
        let status = try? FileReader.text("/proc/self/status")
        return status.flatMap(allowedProcessors) ?? max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
    }

    /// The bits in the `Cpus_allowed` line of `/proc/self/status`; nil when there is none.
    static func allowedProcessors(_ status: String) -> Int? {
        let name = "Cpus_allowed:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        let count = line.dropFirst(name.count).compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
        return count > 0 ? min(count, 256) : nil
    }
}
