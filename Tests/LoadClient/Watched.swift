import Glibc

/// A server whose CPU time and memory are read from /proc: one or more processes under one name.
struct Watched {
    let name: String
    let processes: [Int]

    /// Reads `NAME=PID+PID`.
    init(_ text: String) throws {
        let parts = text.split(separator: "=")
        let numbers = parts.count == 2 ? parts[1].split(separator: "+").map { Int($0) } : []
        guard !numbers.isEmpty, !numbers.contains(nil) else {
            throw LoadError.argument("--watch \(text) is not NAME=PID+PID")
        }
        name = String(parts[0])
        processes = numbers.compactMap(\.self)
    }

    /// User and system time of all processes, in microseconds.
    func cpuMicroseconds() -> Int {
        let perTick = 1_000_000 / sysconf(Int32(_SC_CLK_TCK))
        return processes.reduce(0) { sum, process in
            // The name of the program, in parentheses, may hold spaces; utime and stime are the 12th and 13th fields after it.
            let fields = Self.file("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return sum }
            return sum + (user + system) * perTick
        }
    }

    /// Resident memory of all processes, in KiB.
    func residentKiB() -> Int {
        processes.reduce(0) { sum, process in
            let line = Self.file("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return sum + (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
        }
    }

    private static func file(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// CPU time and memory of the watched servers at one moment.
struct Sample {
    let cpu: [Int]
    let resident: [Int]

    init(_ watched: [Watched]) {
        cpu = watched.map { $0.cpuMicroseconds() }
        resident = watched.map { $0.residentKiB() }
    }

    /// `"cpu_us":{…},"rss_kib":{…}` for what was used since another sample.
    func json(since start: Sample, _ watched: [Watched]) -> String {
        let used = watched.indices.map { "\"\(watched[$0].name)\":\(cpu[$0] - start.cpu[$0])" }
        let memory = watched.indices.map { "\"\(watched[$0].name)\":\(resident[$0])" }
        return "\"cpu_us\":{\(used.joined(separator: ","))},\"rss_kib\":{\(memory.joined(separator: ","))}"
    }
}

/// The value below which a share of sorted values lies.
func percentile(_ sorted: [UInt32], _ share: Double) -> UInt32 {
    sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
