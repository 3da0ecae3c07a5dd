import Glibc

/// Why a file could not be read.
package struct FileReadError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system's words.
    package let description: String

    /// An error with the system's words.
    package init(_ description: String) {
        self.description = description
    }
}

/// Reads small files at start; it blocks, so it is not for a loop.
package enum FileReader {
    /// Largest file that is read.
    static let maximumBytes = 1 << 20

    /// The text of a file.
    package static func text(_ path: String) throws(FileReadError) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let (count, code) = (unsafe read(descriptor, &chunk, chunk.count), errno)
            if count < 0 {
                if code == EINTR { continue }
                throw systemError(code)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            if bytes.count > maximumBytes { throw FileReadError("larger than \(maximumBytes) bytes") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileReadError("not UTF-8") }
        return text
    }

    private static func systemError(_ code: Int32) -> FileReadError {
        let words = unsafe strerror(code).map { unsafe String(cString: $0) }
        return FileReadError(words ?? "error \(code)")
    }
}
