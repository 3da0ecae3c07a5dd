import CLinux
import Glibc

/// Runs a program and waits for it; for tests only, since it blocks.
package enum Command {
    /// What a program left behind.
    package struct Outcome: Sendable {
        /// The exit status; 128 + n when signal n ended it.
        package let status: Int32
        /// Standard output and error together.
        package let output: String
    }

    /// A program could not be run or failed.
    package struct Failure: Error, CustomStringConvertible {
        /// What was run and what it said.
        package let description: String

        /// A failure of a test's own setting up.
        package init(description: String) {
            self.description = description
        }
    }

    /// Runs a program with standard input from `/dev/null` in `/tmp` and returns what it said.
    ///
    /// - Throws: When it cannot be started.
    package static func run(_ arguments: [String]) throws(Failure) -> Outcome {
        var ends: [Int32] = [0, 0]
        guard unsafe clinux_pipe(&ends) == 0 else { throw Failure(description: "pipe: errno \(errno)") }
        let child: pid_t
        do throws(Failure) {
            child = try spawn(arguments, input: nil, output: ends[1])
        } catch {
            close(ends[0])
            close(ends[1])
            throw error
        }
        close(ends[1])
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(ends[0], &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output.append(contentsOf: chunk[..<count])
        }
        close(ends[0])
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        return Outcome(status: code, output: String(decoding: output, as: UTF8.self))
    }

    /// Runs a program that must succeed.
    ///
    /// - Throws: When it cannot be started or its exit status is not 0.
    @discardableResult
    package static func check(_ arguments: [String]) throws(Failure) -> String {
        let outcome = try run(arguments)
        guard outcome.status == 0 else {
            throw Failure(
                description: "\(arguments.joined(separator: " ")): status \(outcome.status)\n\(outcome.output)")
        }
        return outcome.output
    }

    /// Starts a program and does not wait. Descriptors that are not named here are not inherited, provided they are close-on-exec.
    ///
    /// - Throws: When it cannot be started.
    static func spawn(_ arguments: [String], input: Int32?, output: Int32?) throws(Failure) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
            unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        // In a folder that any user can enter: PostgreSQL's programs complain about others.
        let arguments = ["env", "-C", "/tmp"] + arguments
        var words = unsafe arguments.map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        var child = pid_t()
        let code = unsafe posix_spawnp(&child, arguments[0], &actions, nil, &words, environ)
        guard code == 0 else {
            throw Failure(description: "\(arguments.first ?? ""): cannot be started, errno \(code)")
        }
        return child
    }
}
