import CLinux
import EventLoop
import Glibc

/// Opens one connection to the first of several addresses that answers.
///
/// The addresses are tried in the resolver's order; when one has not answered for a while the next is tried beside it (RFC 8305, without its reordering),
/// so an address that swallows packets costs a quarter of a second and not the whole limit.
final class PlainConnector: @unchecked Sendable {
    // SAFETY: confined to its loop.

    private final class Attempt: ReadinessHandler {
        let descriptor: Int32
        private unowned let connector: PlainConnector

        init(_ descriptor: Int32, of connector: PlainConnector) {
            self.descriptor = descriptor
            self.connector = connector
        }

        func ready(_ readiness: Readiness) { connector.answered(self) }
    }

    private let loop: EventLoop
    private var addresses: ArraySlice<SocketAddress>
    private var attempts: [Attempt] = []
    private var timer: TimerID?
    private var lastError = "no address"
    private var done: ((Result<Int32, HTTPClientError>) -> Void)?

    private static let stagger: Duration = .milliseconds(250)

    init(_ addresses: [SocketAddress], on loop: EventLoop) {
        self.loop = loop
        self.addresses = addresses[...]
    }

    /// Starts; `done` is called once, on the loop, with a connected descriptor that nobody watches, or with `.connect`. Perhaps at once.
    func start(done: @escaping (Result<Int32, HTTPClientError>) -> Void) {
        self.done = done
        tryNext()
    }

    /// Gives up; `done` is not called any more.
    func cancel() {
        done = nil
        clean()
    }

    private func tryNext() {
        while let address = addresses.popFirst() {
            if begin(address) {
                if !addresses.isEmpty { armStagger() }
                return
            }
            if done == nil { return }
        }
        if attempts.isEmpty { finish(.failure(.connect(lastError))) }
    }

    /// Answers whether the attempt runs or has succeeded.
    private func begin(_ address: SocketAddress) -> Bool {
        let descriptor = clinux_stream_socket(address.family)
        guard descriptor >= 0 else {
            lastError = HTTPClientError.text(ofErrno: errno)
            return false
        }
        let (result, code) = address.connect(descriptor)
        if result == 0 {
            finish(.success(descriptor))
            return true
        }
        guard code == EINPROGRESS else {
            lastError = HTTPClientError.text(ofErrno: code)
            close(descriptor)
            return false
        }
        let attempt = Attempt(descriptor, of: self)
        do throws(EventLoopError) {
            try loop.watch(descriptor, .writable, attempt)
        } catch {
            lastError = "\(error)"
            close(descriptor)
            return false
        }
        attempts.append(attempt)
        return true
    }

    private func answered(_ attempt: Attempt) {
        guard let place = attempts.firstIndex(where: { $0 === attempt }) else { return }
        attempts.remove(at: place)
        loop.unwatch(attempt.descriptor)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(attempt.descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0 else {
            lastError = HTTPClientError.text(ofErrno: code)
            close(attempt.descriptor)
            tryNext()
            return
        }
        finish(.success(attempt.descriptor))
    }

    private func armStagger() {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(after: Self.stagger) { [weak self] in
            self?.timer = nil
            self?.tryNext()
        }
    }

    private func finish(_ result: Result<Int32, HTTPClientError>) {
        guard let done else { return }
        self.done = nil
        clean()
        done(result)
    }

    private func clean() {
        if let timer { loop.cancel(timer) }
        timer = nil
        for attempt in attempts {
            loop.unwatch(attempt.descriptor)
            close(attempt.descriptor)
        }
        attempts = []
        addresses = []
    }
}
