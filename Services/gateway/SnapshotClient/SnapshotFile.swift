package import Contracts
import Crypto
import Glibc
import InternalHTTP

/// Why a snapshot could not be written to its file.
package struct SnapshotFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system call that failed.
    package let call: String
    /// Its error number.
    package let code: Int32

    package var description: String { "\(call) failed with error \(code)" }
}

/// The last good whole snapshot on disk, so that a gateway starts without the registry.
///
/// The first line holds a mark, the SHA-256 and the length of the rest; the rest is the snapshot's JSON. A new one is written beside it, synced and renamed,
/// so a crash leaves the old or the new one. Every call blocks: on a `BlockingPool` only.
package struct SnapshotFile: Sendable {
    /// What was found.
    package enum Found: Equatable, Sendable {
        /// There is no file.
        case nothing
        case snapshot(Snapshot)
        /// It is no snapshot that we wrote; it was put aside under this name, or left when that failed.
        case damaged(reason: String, aside: String?)
    }

    private struct Damage: Error {
        let reason: String
    }

    private static let mark = "switchboard-snapshot-1"
    private static let longestHeader = 256
    /// Nothing that we wrote is larger; a larger file is not read into memory.
    private static let maxBytes = 1024 * 1024 * 1024

    private let directory: String
    /// Where the snapshot is.
    package let path: String

    /// The file in a directory, which is made when it is missing.
    package init(directory: String) {
        self.directory = directory
        path = "\(directory)/snapshot.json"
    }

    /// Reads the file. A damaged one is put aside, so that it can be looked at and is not met again.
    package func load() -> Found {
        let bytes: [UInt8]
        do throws(SnapshotFileError) {
            guard let read = try Self.read(path) else { return .nothing }
            bytes = read
        } catch {
            return .damaged(reason: error.description, aside: nil)
        }
        do throws(Damage) {
            return .snapshot(try Self.parse(bytes))
        } catch {
            let aside = path + ".damaged"
            let isAside = unsafe rename(path, aside) == 0
            return .damaged(reason: error.reason, aside: isAside ? aside : nil)
        }
    }

    /// Writes the file, readable by its owner only.
    ///
    /// - Throws: the first call that failed; the old file is then still there.
    package func save(_ snapshot: Snapshot) throws(SnapshotFileError) {
        let body = SnapshotJSON.encode(snapshot)
        let header = "\(Self.mark) \(Hex.encode(SHA256.hash(body))) \(body.count)\n"
        try makeDirectory()
        let draft = "\(path).\(getpid()).tmp"
        do throws(SnapshotFileError) {
            try Self.write(Array(header.utf8), body, to: draft)
            try Self.check("rename", unsafe rename(draft, path))
        } catch {
            unsafe _ = unlink(draft)
            throw error
        }
        try Self.sync(directory)
    }

    private static func parse(_ bytes: [UInt8]) throws(Damage) -> Snapshot {
        guard let end = bytes.prefix(longestHeader).firstIndex(of: UInt8(ascii: "\n")) else {
            throw Damage(reason: "it has no first line")
        }
        let header = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard header.count == 3, header[0] == mark else {
            throw Damage(reason: "its first line is not ours")
        }
        let body = Array(bytes[(end + 1)...])
        guard header[2] == String(body.count) else {
            throw Damage(reason: "it has \(body.count) bytes where \(header[2]) are announced")
        }
        guard header[1] == Hex.encode(SHA256.hash(body)) else {
            throw Damage(reason: "its checksum is wrong")
        }
        let snapshot: Snapshot
        do throws(SnapshotJSONError) {
            snapshot = try SnapshotJSON.decode(body)
        } catch {
            throw Damage(reason: error.description)
        }
        guard snapshot.isWhole else { throw Damage(reason: "it holds changes only") }
        return snapshot
    }

    private func makeDirectory() throws(SnapshotFileError) {
        var made = directory.hasPrefix("/") ? "" : "."
        for segment in directory.split(separator: "/") {
            made += "/\(segment)"
            guard unsafe mkdir(made, 0o700) != 0 else { continue }
            let code = errno
            guard code == EEXIST else { throw SnapshotFileError(call: "mkdir", code: code) }
        }
    }

    private static func read(_ path: String) throws(SnapshotFileError) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let code = errno
            guard code != ENOENT else { return nil }
            throw SnapshotFileError(call: "open", code: code)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var status = stat()
        try check("fstat", unsafe fstat(file, &status))
        guard status.st_size <= maxBytes else { throw SnapshotFileError(call: "read", code: EFBIG) }
        bytes.reserveCapacity(Int(status.st_size))
        var piece = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = unsafe Glibc.read(file, &piece, piece.count)
            let code = errno
            guard count != 0 else { return bytes }
            guard count > 0 else {
                if code == EINTR { continue }
                throw SnapshotFileError(call: "read", code: code)
            }
            bytes.append(contentsOf: piece[..<count])
        }
    }

    private static func write(_ header: [UInt8], _ body: [UInt8], to path: String) throws(SnapshotFileError) {
        // A draft of a run that was killed may have wider rights; they do not outlive it.
        unsafe _ = unlink(path)
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        try check("open", file)
        defer { close(file) }
        for bytes in [header, body] {
            var done = 0
            while done < bytes.count {
                let (count, code) = unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                    let count = unsafe Glibc.write(file, rest.baseAddress, rest.count)
                    return (count, errno)
                }
                if count < 0, code == EINTR { continue }
                guard count > 0 else { throw SnapshotFileError(call: "write", code: code) }
                done += count
            }
        }
        try check("fsync", fsync(file))
    }

    private static func sync(_ directory: String) throws(SnapshotFileError) {
        let file = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try check("open", file)
        defer { close(file) }
        try check("fsync", fsync(file))
    }

    private static func check(_ call: String, _ result: Int32) throws(SnapshotFileError) {
        let code = errno
        if result < 0 { throw SnapshotFileError(call: call, code: code) }
    }
}
