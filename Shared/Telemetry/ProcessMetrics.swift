import Glibc

/// Memory, processor time, descriptors and start of this process, read from `/proc` when the registry is scraped.
package enum ProcessMetrics {
    /// Adds the metrics under the names Prometheus clients share.
    package static func register(in registry: MetricsRegistry) {
        let start = startTime()
        registry.gaugeCallback("process_resident_memory_bytes", "Resident memory size in bytes.") {
            residentBytes().map(Double.init)
        }
        registry.counterCallback("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.") {
            cpuSeconds()
        }
        registry.gaugeCallback("process_open_fds", "Number of open file descriptors.") {
            openDescriptors().map(Double.init)
        }
        registry.gaugeCallback("process_start_time_seconds", "Start time of the process since unix epoch in seconds.") {
            start
        }
    }

    /// The second field of `/proc/self/statm`, in pages.
    static func residentBytes() -> Int? {
        guard let text = ProcFile.text("/proc/self/statm") else { return nil }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    static func cpuSeconds() -> Double? {
        var now = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0 else { return nil }
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    static func openDescriptors() -> Int? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe _ = closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Neither `.` and `..` nor the descriptor of the listing itself.
        return max(count - 3, 0)
    }

    /// Field 22 of `/proc/self/stat` (ticks after boot) on top of the boot time of `/proc/stat`.
    static func startTime() -> Double? {
        guard let stat = ProcFile.text("/proc/self/stat"), let name = stat.lastIndex(of: ")"),
            let boot = ProcFile.text("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootSeconds = Double(boot.dropFirst(6))
        else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        return bootSeconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// Reads the small files of `/proc`, which never block.
private enum ProcFile {
    static func text(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
