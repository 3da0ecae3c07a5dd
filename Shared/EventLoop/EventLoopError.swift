/// Why a loop could not be made or could not watch a descriptor.
package enum EventLoopError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A system call failed; `errno` is its error number.
    case system(call: String, errno: Int32)

    package var description: String {
        switch self {
        case .system(let call, let errno): "\(call) failed with error \(errno)"
        }
    }
}
