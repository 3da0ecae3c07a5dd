import Glibc

/// Where log lines go.
package protocol LogSink: Sendable {
    /// Takes one whole line, its newline included. Must be safe to call from any thread.
    func write(_ line: [UInt8])

    /// Returns when everything written so far has been handed to the system, or cannot be.
    func flush()
}

/// Drops every line.
package struct DiscardingSink: LogSink {
    /// A sink that drops every line.
    package init() {}

    package func write(_ line: [UInt8]) {}

    package func flush() {}
}

/// Writes each line at once with `write(2)`; for commands that end soon. A stuck reader blocks the caller.
package struct DescriptorSink: LogSink {
    /// The sink on standard output.
    package static let standardOutput = DescriptorSink(descriptor: STDOUT_FILENO)
    private let descriptor: Int32

    /// A sink on an open descriptor, which stays the caller's.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    package func write(_ line: [UInt8]) {
        _ = DescriptorWriter.writeAll(line, to: descriptor)
    }

    package func flush() {}
}

/// Loops over partial writes.
enum DescriptorWriter {
    /// Writes all bytes; false when the descriptor fails (a closed pipe): a log that cannot be written has no other place to say so.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let (written, code) = unsafe bytes.withUnsafeBytes { buffer in
                let count = unsafe Glibc.write(
                    descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                return (count, errno)
            }
            if written > 0 {
                offset += written
            } else if written < 0, code == EINTR {
                continue
            } else if written < 0, code == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&wait, 1, 1000)
            } else {
                return false
            }
        }
        return true
    }
}
