import CLinux
package import EventLoop
import Glibc

/// Takes signals as events of a loop rather than in handlers, where almost nothing may be done.
package final class Signals: ReadinessHandler, @unchecked Sendable {
    // SAFETY: `descriptor` and `body` are used on the loop's thread only, which `ready` and `close` check.
    private let loop: EventLoop
    private let descriptor: Int32
    private let body: (Int32) -> Void

    /// Makes the calling thread, and all threads it starts from now on, leave SIGTERM and SIGINT to ``Signals``, and
    /// ignores SIGPIPE. To be called first in `main`, before any thread is started.
    package static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        var set = stopSet()
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Calls `body` on the loop with each SIGTERM and SIGINT the process gets. Loop thread only.
    ///
    /// - Throws: `.system` when the kernel refuses a descriptor.
    package init(loop: EventLoop, _ body: @escaping (Int32) -> Void) throws(EventLoopError) {
        loop.assertCurrent()
        self.loop = loop
        self.body = body
        var set = Self.stopSet()
        descriptor = unsafe clinux_signalfd(&set)
        guard descriptor >= 0 else { throw .system(call: "signalfd", errno: errno) }
        try loop.watch(descriptor, .readable, self)
    }

    /// Stops listening. Loop thread only.
    package func close() {
        loop.assertCurrent()
        loop.unwatch(descriptor)
        _ = Glibc.close(descriptor)
    }

    package func ready(_ readiness: Readiness) {
        var info = signalfd_siginfo()
        while unsafe read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size
        {
            body(Int32(bitPattern: info.ssi_signo))
        }
    }

    private static func stopSet() -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        return set
    }
}
