import EventLoop
import Glibc
import Synchronization

/// Makes a running loop, gives it to `body`, and ends it whatever happens.
func withLoop<T: Sendable>(
    name: String = "test", _ body: (EventLoop) async throws -> T
) async throws -> T {
    let loop = try EventLoop(name: name)
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    return try await body(loop)
}

/// A list which any thread appends to.
final class Trail<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func add(_ element: Element) { elements.withLock { $0.append(element) } }

    var all: [Element] { elements.withLock { $0 } }
}

/// A number that any thread counts up.
final class Tally: Sendable {
    private let value = Atomic<Int>(0)

    @discardableResult
    func add() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }

    var count: Int { value.load(ordering: .relaxed) }
}

/// Something that happened or not.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    func set() { value.store(true, ordering: .relaxed) }

    var isSet: Bool { value.load(ordering: .relaxed) }
}

/// Holds one waiter until it is opened; for tests that hand control from one thread to another.
final class Gate: Sendable {
    private enum State {
        case closed
        case waiting([CheckedContinuation<Void, Never>])
        case open
    }

    private let state = Mutex(State.closed)

    func open() {
        let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
            defer { state = .open }
            if case .waiting(let waiters) = state { return waiters }
            return []
        }
        for waiter in waiters { waiter.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                switch state {
                case .open: return true
                case .closed: state = .waiting([continuation])
                case .waiting(let others): state = .waiting(others + [continuation])
                }
                return false
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Two connected stream sockets, closed at the end of the test unless it closed them itself.
final class SocketPair {
    private(set) var near: Int32 = -1
    private(set) var far: Int32 = -1

    init() {
        var ends: [Int32] = [-1, -1]
        let code = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
        precondition(code == 0, "socketpair failed")
        near = ends[0]
        far = ends[1]
    }

    deinit {
        closeNear()
        closeFar()
    }

    func closeNear() {
        if near >= 0 { close(near) }
        near = -1
    }

    func closeFar() {
        if far >= 0 { close(far) }
        far = -1
    }

    func sendFromFar(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe _ = write(far, bytes, bytes.count)
    }
}

/// Tells a closure of readiness.
final class Listener: ReadinessHandler {
    private let heard: (Readiness) -> Void

    init(_ heard: @escaping (Readiness) -> Void) { self.heard = heard }

    func ready(_ readiness: Readiness) { heard(readiness) }
}
