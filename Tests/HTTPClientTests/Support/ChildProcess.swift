import Foundation
import Glibc

/// A child process of a test, killed when the test lets go of it.
final class ChildProcess {
    private let process = Process()

    /// Starts a program found in PATH, in `directory`, with its output thrown away; its input is empty.
    init(_ arguments: [String], in directory: String) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning {
            // Not SIGTERM: children of a dispatch thread inherit its mask, in which that is blocked.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Waits for its end; answers whether it was a success.
    func wait() -> Bool {
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// A directory that is removed with what the tests put there.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "switchboard-client-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
