import CLibPQ
import Glibc

/// One `PGconn`: the only file that touches it. Every call is one of libpq's that do not block.
///
/// Confined to the loop of the driver that owns it.
@safe
final class PGHandle {
    /// What `PQconnectPoll` asks for.
    enum Step: Equatable {
        case wait(readable: Bool)
        case connected
        case failed
    }

    /// What became of flushing.
    enum Flush: Equatable {
        case done
        /// The socket's buffer is full; come again when it is writable.
        case blocked
        case failed
    }

    private let connection: OpaquePointer

    /// Begins to connect; host names must be resolved already, since libpq would block on that.
    ///
    /// - Parameter keywords: libpq's connection keywords.
    /// - Returns: `nil` only without memory.
    init?(keywords: [(String, String)]) {
        var names = unsafe keywords.map { unsafe strdup($0.0) }
        var values = unsafe keywords.map { unsafe strdup($0.1) }
        defer {
            for index in keywords.indices {
                unsafe free(names[index])
                // The password is among them; it should not stay in freed memory.
                if let value = unsafe values[index] { unsafe explicit_bzero(value, strlen(value)) }
                unsafe free(values[index])
            }
        }
        unsafe names.append(nil)
        unsafe values.append(nil)
        let made = unsafe names.withUnsafeBufferPointer { names in
            unsafe values.withUnsafeBufferPointer { values in
                unsafe names.withMemoryRebound(to: UnsafePointer<CChar>?.self) { names in
                    unsafe values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        unsafe PQconnectStartParams(names.baseAddress, values.baseAddress, 0)
                    }
                }
            }
        }
        guard let made = unsafe made else { return nil }
        unsafe connection = made
        // Notices would go to standard error; no statement of ours needs them.
        unsafe PQsetNoticeReceiver(made, { _, _ in }, nil)
    }

    deinit {
        unsafe PQfinish(connection)
    }

    // MARK: Connecting

    /// Whether libpq has given up.
    var isBad: Bool { unsafe PQstatus(connection) == CONNECTION_BAD }

    /// The socket; it may change with every `poll()`. Negative without one.
    var socket: Int32 { unsafe PQsocket(connection) }

    /// Takes one step of connecting.
    func poll() -> Step {
        switch unsafe PQconnectPoll(connection) {
        case PGRES_POLLING_READING: return .wait(readable: true)
        case PGRES_POLLING_WRITING: return .wait(readable: false)
        case PGRES_POLLING_OK:
            return unsafe PQsetnonblocking(connection, 1) == 0 ? .connected : .failed
        default: return .failed
        }
    }

    /// The first line of libpq's last message.
    var message: String {
        let text = unsafe String(cString: PQerrorMessage(connection))
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no reason given"
        return String(line.prefix(300))
    }

    // MARK: Sending

    /// Queues text without parameters.
    func sendScript(_ text: String) -> Bool {
        unsafe PQsendQuery(connection, text) == 1
    }

    /// Queues the preparation of a statement; the server infers the types.
    func sendPrepare(name: String, text: String) -> Bool {
        unsafe PQsendPrepare(connection, name, text, 0, nil) == 1
    }

    /// Queues the execution of a prepared statement.
    func sendExecute(name: String, _ parameters: ParameterBuffer) -> Bool {
        unsafe parameters.withPointers { values, lengths, formats in
            unsafe PQsendQueryPrepared(
                connection, name, Int32(parameters.count), values.baseAddress, lengths.baseAddress,
                formats.baseAddress, 0) == 1
        }
    }

    /// Queues a piece of COPY data.
    func putCopy(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            let piece = unsafe UnsafeRawBufferPointer(rebasing: buffer[range])
            return unsafe PQputCopyData(
                connection, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(piece.count)) == 1
        }
    }

    /// Queues the end of COPY, with a reason when it is to fail.
    func endCopy(refusing reason: String?) -> Bool {
        unsafe PQputCopyEnd(connection, reason) == 1
    }

    /// Sends what is queued, as far as the socket takes it.
    func flush() -> Flush {
        switch unsafe PQflush(connection) {
        case 0: .done
        case 1: .blocked
        default: .failed
        }
    }

    // MARK: Receiving

    /// Reads what has arrived.
    ///
    /// - Returns: False when the connection is dead.
    func consume() -> Bool {
        unsafe PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK
    }

    /// Whether the next answer has not arrived in full.
    var isBusy: Bool { unsafe PQisBusy(connection) == 1 }

    /// The next answer; `nil` at the end of what was asked. Only when not busy.
    func nextAnswer() -> ResultSet? {
        unsafe PQgetResult(connection).map { unsafe ResultSet(owning: $0) }
    }

    /// The next notification that arrived.
    func nextNotification() -> (channel: String, payload: String)? {
        guard let notification = unsafe PQnotifies(connection) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe (String(cString: notification.pointee.relname), String(cString: notification.pointee.extra))
    }

    /// Where the session stands with transactions.
    var transaction: TransactionStatus {
        switch unsafe PQtransactionStatus(connection) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .open
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// What is needed to ask the server, from another thread, to stop the running statement.
    func cancelRequest() -> CancelRequest? {
        unsafe PQgetCancel(connection).map { unsafe CancelRequest(owning: $0) }
    }
}

/// Where a session stands with transactions.
enum TransactionStatus: UInt8, Sendable {
    case idle
    case open
    case failed
    case unknown
}

/// A request to stop what a connection runs.
@safe
final class CancelRequest: @unchecked Sendable {
    // SAFETY: a PGcancel is made for being used from another thread; it is sent by one thread once and freed in `deinit`.
    private let handle: OpaquePointer

    init(owning handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQfreeCancel(handle)
    }

    /// Connects, asks and waits until the server has taken it. Blocks: on a blocking pool only.
    func send() -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            unsafe PQcancel(handle, buffer.baseAddress, 256) == 1
        }
    }
}
