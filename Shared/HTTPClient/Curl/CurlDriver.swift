import CLibCurl
import EventLoop
import Glibc

/// One libcurl multi handle on one loop: sockets, timer, finished transfers, and the pool of prepared handles.
///
/// libcurl itself sends a request again when a *reused* connection ends before any byte of an answer (up to five times, as long as it meets such
/// connections), and only when it can rewind the body: bytes yes, a stream no (the transfer then fails with `.reset`). Nothing else is ever sent twice.
///
/// Names are resolved by libcurl's threaded resolver, so nothing blocks the loop; its answers come through a socket pair of libcurl.
///
/// Descriptors stay registered when libcurl says `CURL_POLL_REMOVE` at the end of a transfer, because the next transfer over the connection wants the same
/// events again: two `epoll_ctl` less per request. They are dropped when libcurl closes the socket; one that becomes readable while
/// nobody wants it (the peer closed, or the transfer is paused) is dropped then, or the loop would spin.
@safe
final class CurlDriver: @unchecked Sendable {
    // SAFETY: confined to its loop; only `init` runs elsewhere, before anybody else sees the object.

    let loop: EventLoop
    let configuration: ClientConfiguration
    let share: UnsafeMutableRawPointer?

    private let multi: UnsafeMutableRawPointer
    private var sockets: [Int32: CurlSocket] = [:]
    private var idle: [String: [CurlHandle]] = [:]
    private var idleCount = 0
    private var running: [ObjectIdentifier: CurlHandle] = [:]
    /// Above zero while libcurl's code is on the stack: then no handle may be added or removed.
    private var depth = 0
    private var aborted: [CurlHandle] = []
    private var nudged: [CurlHandle] = []
    private var isDue = false
    private var isClosed = false
    private var timer: TimerID?
    private var timerAt = UInt64.max
    private var wantedAt = UInt64.max

    /// How often libcurl may ask to be called again at once before others get their turn.
    private static let maxTurns = 64
    /// Idle handles that are kept; each holds some 20 KiB.
    private static let maxIdleHandles = 256

    init(loop: EventLoop, configuration: ClientConfiguration) throws(HTTPClientError) {
        self.loop = loop
        self.configuration = configuration
        guard curlIsReady, let multi = unsafe curl_multi_init() else {
            throw .invalidRequest("libcurl could not be initialised")
        }
        unsafe self.multi = unsafe UnsafeMutableRawPointer(multi)
        unsafe share = unsafe curl_share_init()
        unsafe _ = clibcurl_share(share, CURL_LOCK_DATA_SSL_SESSION)
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe _ = clibcurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        unsafe _ = clibcurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        unsafe _ = clibcurl_multi_set_socket_function(multi, socketWanted)
        unsafe _ = clibcurl_multi_set_timer_function(multi, timerWanted)
        // The bound of libcurl's cache counts busy connections too, so it must not be below the number of transfers.
        let most = configuration.maxConcurrentTransfers + configuration.maxIdleConnections
        unsafe _ = clibcurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, most)
        unsafe _ = clibcurl_multi_set_long(multi, CURLMOPT_PIPELINING, 0)
    }

    deinit {
        assert(isClosed || sockets.isEmpty, "a client with connections must be shut down on its loop")
        close()
    }

    // MARK: Transfers

    func start(_ exchange: Exchange) {
        guard let handle = takeHandle(for: exchange.request) else {
            exchange.fail(.invalidRequest("libcurl has no memory for a transfer"))
            return
        }
        if let refusal = handle.prepare(exchange) {
            release(handle)
            exchange.fail(refusal)
            return
        }
        exchange.attach(handle)
        guard !exchange.isEnded else {
            release(handle)
            return
        }
        running[ObjectIdentifier(handle)] = handle
        depth += 1
        let code = unsafe handle.add(to: multi)
        depth -= 1
        guard code == CURLM_OK else {
            running[ObjectIdentifier(handle)] = nil
            release(handle)
            exchange.fail(.invalidRequest("libcurl refused the transfer (\(code.rawValue))"))
            return
        }
        isDue = true
        settle()
    }

    /// Takes a running handle out, now or as soon as libcurl's code has returned.
    func abort(_ handle: CurlHandle) {
        aborted.append(handle)
        settle()
    }

    /// Calls the handle's `answeredEarly` as soon as libcurl's code has returned.
    func nudge(_ handle: CurlHandle) {
        nudged.append(handle)
    }

    /// Lets `body` call into libcurl, and afterwards does what its callbacks asked for.
    func enter(_ body: () -> Void) {
        depth += 1
        body()
        depth -= 1
        settle()
    }

    /// Closes every connection; no transfer may run any more. Loop only.
    func shutdown() {
        settle()
        if let timer { loop.cancel(timer) }
        timer = nil
        timerAt = .max
        close()
    }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        purge()
        unsafe _ = curl_multi_cleanup(multi)
        unsafe _ = curl_share_cleanup(share)
    }

    private func takeHandle(for request: ClientRequest) -> CurlHandle? {
        if let handle = idle[request.poolKey]?.popLast() {
            idleCount -= 1
            return handle
        }
        return CurlHandle(driver: self)
    }

    private func release(_ handle: CurlHandle) {
        let key = handle.poolKey
        handle.finish()
        if idleCount >= Self.maxIdleHandles { purge() }
        idle[key, default: []].append(handle)
        idleCount += 1
    }

    /// Forgets all idle handles: keys that are never used again must not fill the pool for ever.
    private func purge() {
        for handles in idle.values { for handle in handles { handle.destroy() } }
        idle = [:]
        idleCount = 0
    }

    // MARK: Driving libcurl

    fileprivate func act(_ descriptor: Int32, _ mask: Int32) {
        depth += 1
        var left: Int32 = 0
        unsafe _ = curl_multi_socket_action(multi, descriptor, mask, &left)
        depth -= 1
        settle()
    }

    /// Does everything that callbacks could only note down. Nothing when libcurl's code is still on the stack; the outermost call does it.
    private func settle() {
        guard depth == 0, !isClosed else { return }
        depth += 1
        defer { depth -= 1 }
        for _ in 0..<Self.maxTurns {
            while let handle = nudged.popLast() { handle.answeredEarly() }
            removeAborted()
            collectDone()
            guard isDue || !aborted.isEmpty || !nudged.isEmpty else { return }
            guard isDue else { continue }
            isDue = false
            var left: Int32 = 0
            unsafe _ = curl_multi_socket_action(multi, clibcurl_socket_timeout, 0, &left)
        }
        loop.execute { [weak self] in self?.settle() }
    }

    private func removeAborted() {
        while let handle = aborted.popLast() {
            guard running.removeValue(forKey: ObjectIdentifier(handle)) != nil else { continue }
            unsafe handle.remove(from: multi)
            release(handle)
        }
    }

    private func collectDone() {
        var code = CURLE_OK
        while let easy = unsafe clibcurl_next_done(multi, &code) {
            guard let handle = unsafe CurlHandle.of(easy) else { continue }
            guard running.removeValue(forKey: ObjectIdentifier(handle)) != nil else { continue }
            let exchange = handle.exchange
            let fault = handle.fault(code)
            unsafe handle.remove(from: multi)
            release(handle)
            if let fault { exchange?.didFail(fault) } else { exchange?.didFinish() }
        }
    }

    // MARK: Timer

    fileprivate func timerChanged(_ milliseconds: Int) {
        if milliseconds == 0 {
            wantedAt = .max
            isDue = true
            // Inside `settle` the flag is enough; a callback outside of it cannot happen.
            return
        }
        guard milliseconds > 0 else {
            wantedAt = .max
            return
        }
        wantedAt = loop.now.nanoseconds + UInt64(milliseconds) * 1_000_000
        if wantedAt < timerAt { arm() }
    }

    /// Moves the loop's timer to `wantedAt`. It is only ever moved forward here; one that fires early arms itself again.
    private func arm() {
        if let timer { loop.cancel(timer) }
        timerAt = wantedAt
        let now = MonotonicTime.now().nanoseconds
        let delay = wantedAt > now ? wantedAt - now : 0
        timer = loop.schedule(after: .nanoseconds(Int64(clamping: delay))) { [weak self] in self?.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerAt = .max
        guard wantedAt != .max else { return }
        guard wantedAt <= MonotonicTime.now().nanoseconds else {
            arm()
            return
        }
        wantedAt = .max
        isDue = true
        settle()
    }

    // MARK: Sockets

    /// libcurl opens a connection's socket; only these are kept registered between transfers.
    func opened(_ descriptor: Int32) {
        if sockets[descriptor] != nil { loop.unwatch(descriptor) }
        sockets[descriptor] = CurlSocket(descriptor, isConnection: true, driver: self)
    }

    fileprivate func closed(_ descriptor: Int32) {
        if let socket = sockets.removeValue(forKey: descriptor), !socket.watched.isEmpty { loop.unwatch(descriptor) }
        Glibc.close(descriptor)
    }

    fileprivate func wanted(_ descriptor: Int32, _ what: Int32) {
        let socket: CurlSocket
        if let known = sockets[descriptor] {
            socket = known
        } else {
            guard what != CURL_POLL_REMOVE else { return }
            socket = CurlSocket(descriptor, isConnection: false, driver: self)
            sockets[descriptor] = socket
        }
        guard what != CURL_POLL_REMOVE else {
            if socket.isConnection {
                socket.rest()
            } else {
                // The resolver closes its socket pair without asking anybody.
                sockets[descriptor] = nil
                loop.unwatch(descriptor)
            }
            return
        }
        var interest: Interest = []
        if what & CURL_POLL_IN != 0 { interest.insert(.readable) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.writable) }
        socket.want(interest)
    }
}

/// One descriptor of libcurl's on the loop.
private final class CurlSocket: ReadinessHandler {
    let fd: Int32
    let isConnection: Bool
    private(set) var watched: Interest = []
    private var wanted: Interest = []
    private unowned let driver: CurlDriver

    init(_ fd: Int32, isConnection: Bool, driver: CurlDriver) {
        self.fd = fd
        self.isConnection = isConnection
        self.driver = driver
    }

    func want(_ interest: Interest) {
        wanted = interest
        guard watched != interest else { return }
        do throws(EventLoopError) {
            if watched.isEmpty {
                try driver.loop.watch(fd, interest, self)
            } else {
                try driver.loop.update(fd, interest)
            }
            watched = interest
        } catch {
            // Only without kernel memory. The transfer then ends by one of its time limits.
            watched = []
        }
    }

    /// No transfer uses the connection now; only news of its end matters.
    func rest() {
        wanted = []
        guard watched.contains(.writable) else { return }
        driver.loop.unwatch(fd)
        watched = []
    }

    func ready(_ readiness: Readiness) {
        guard !wanted.isEmpty else {
            driver.loop.unwatch(fd)
            watched = []
            return
        }
        var mask: Int32 = 0
        if !readiness.isDisjoint(with: .readableOrEnded) { mask |= CURL_CSELECT_IN }
        if !readiness.isDisjoint(with: [.writable, .hangup, .error]) { mask |= CURL_CSELECT_OUT }
        driver.act(fd, mask)
    }
}

/// `curl_global_init` of the process, once.
private let curlIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

private func driver(_ pointer: UnsafeMutableRawPointer?) -> CurlDriver? {
    unsafe pointer.map { unsafe Unmanaged<CurlDriver>.fromOpaque($0).takeUnretainedValue() }
}

private func socketWanted(
    _ easy: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t, _ what: Int32, _ user: UnsafeMutableRawPointer?,
    _ socket: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe driver(user)?.wanted(descriptor, what)
    return 0
}

private func timerWanted(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe driver(user)?.timerChanged(milliseconds)
    return 0
}

func curlCloseSocket(_ user: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t) -> Int32 {
    guard let driver = unsafe driver(user) else { return close(descriptor) }
    driver.closed(descriptor)
    return 0
}
