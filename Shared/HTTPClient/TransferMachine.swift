import EventLoop

/// The limits of one transfer in nanoseconds; `UInt64.max` means none.
struct TransferLimits: Equatable, Sendable {
    var connect = UInt64.max
    var firstByte = UInt64.max
    var idle = UInt64.max
    var total = UInt64.max

    init() {}

    init(_ timeouts: ClientTimeouts) {
        connect = Self.nanoseconds(timeouts.connect)
        firstByte = Self.nanoseconds(timeouts.firstByte)
        idle = Self.nanoseconds(timeouts.idle)
        total = Self.nanoseconds(timeouts.total)
    }

    private static func nanoseconds(_ duration: Duration?) -> UInt64 {
        guard let duration else { return .max }
        return UInt64(max(0, duration.clampedNanoseconds))
    }
}

/// Decides the life of one transfer: its stage, back-pressure and deadlines. Pure: does no I/O and reads no clock.
///
///                    connected            requestSent             head
///     connecting ──────────────▶ sending ─────────────▶ waiting ────────▶ receiving ──▶ ended
///         ▲   └────────────────────────── restarted ───────┘                 ▲
///         └──────────┘               an early answer: head ─────────────────┘
///
/// `ended` is reached from everywhere by `ended(_:)`; the first outcome stays. Deadlines are computed when asked for, so that a piece of the body
/// costs one store and no timer.
struct TransferMachine: Equatable, Sendable {
    enum Stage: Equatable, Sendable { case connecting, sending, waiting, receiving, ended }
    enum Outcome: Equatable, Sendable {
        case complete
        case failed(HTTPClientError)
    }
    /// What the network side does with bytes of the body that it holds.
    enum Offer: Equatable, Sendable {
        /// Hand them over.
        case accept
        /// Keep them and read no more until `resume`.
        case hold
    }
    struct Deadline: Equatable, Sendable {
        var at: UInt64
        var phase: ClientPhase
    }

    /// Above this many waiting bytes the upstream is paused.
    static let highWater = 64 * 1024

    private(set) var stage = Stage.connecting
    private(set) var outcome: Outcome?
    /// Bytes of the body that wait for the reader.
    private(set) var waitingBytes = 0
    /// Whether the network side was told to stop reading.
    private(set) var isHeld = false
    /// Whether the upload stands still because the caller's source has nothing.
    private(set) var isSourceAwaited = false

    private let limits: TransferLimits
    private let startedAt: UInt64
    private var stageSince: UInt64
    private var lastProgress: UInt64

    init(limits: TransferLimits, at now: MonotonicTime) {
        self.limits = limits
        startedAt = now.nanoseconds
        stageSince = now.nanoseconds
        lastProgress = now.nanoseconds
    }

    // MARK: The way of a transfer

    /// The connection is ready for the request.
    mutating func connected(at now: MonotonicTime) {
        guard stage == .connecting else { return }
        enter(.sending, at: now)
    }

    /// The whole request is with the kernel.
    mutating func requestSent(at now: MonotonicTime) {
        guard stage == .connecting || stage == .sending else { return }
        enter(.waiting, at: now)
    }

    /// The connection was dead before it answered anything; the request goes over a new one.
    mutating func restarted(at now: MonotonicTime) {
        guard stage == .sending || stage == .waiting else { return }
        enter(.connecting, at: now)
    }

    /// The head of the final answer is complete. Answers false when the transfer has ended.
    mutating func headArrived(at now: MonotonicTime) -> Bool {
        guard stage != .ended, stage != .receiving else { return false }
        enter(.receiving, at: now)
        return true
    }

    /// Something moved, in either direction.
    mutating func progressed(at now: MonotonicTime) {
        // A loop's time of the pass may be a little older than a stage's own.
        lastProgress = max(lastProgress, now.nanoseconds)
    }

    /// The upload began or ceased to wait for the caller's source; time spent waiting there is not the upstream's silence.
    mutating func sourceAwaited(_ isAwaited: Bool, at now: MonotonicTime) {
        guard isSourceAwaited != isAwaited else { return }
        isSourceAwaited = isAwaited
        progressed(at: now)
    }

    /// The transfer is over; only the first outcome counts. Answers whether it was this one.
    mutating func ended(_ outcome: Outcome) -> Bool {
        guard stage != .ended else { return false }
        stage = .ended
        self.outcome = outcome
        return true
    }

    // MARK: Back-pressure

    /// Bytes are there that the network side can still keep (libcurl): held when too many wait already.
    mutating func offer(_ count: Int, at now: MonotonicTime) -> Offer {
        progressed(at: now)
        if waitingBytes > 0, waitingBytes + count > Self.highWater {
            isHeld = true
            return .hold
        }
        waitingBytes += count
        return .accept
    }

    /// Bytes were read that must be taken (own client): `.hold` asks to read no more.
    mutating func take(_ count: Int, at now: MonotonicTime) -> Offer {
        progressed(at: now)
        waitingBytes += count
        guard waitingBytes > Self.highWater else { return .accept }
        isHeld = true
        return .hold
    }

    /// The reader took everything. Answers whether the network side must be told to go on.
    mutating func drained(at now: MonotonicTime) -> Bool {
        waitingBytes = 0
        guard isHeld else { return false }
        isHeld = false
        progressed(at: now)
        return stage != .ended
    }

    // MARK: Time

    /// When the transfer fails unless something happens before; `nil` when nothing limits it now.
    var deadline: Deadline? {
        var due = Deadline(at: Self.sum(startedAt, limits.total), phase: .total)
        switch stage {
        case .connecting: due = Self.earlier(due, Self.sum(stageSince, limits.connect), .connect)
        case .waiting: due = Self.earlier(due, Self.sum(stageSince, limits.firstByte), .firstByte)
        case .sending where !isSourceAwaited, .receiving where !isHeld && !isSourceAwaited:
            due = Self.earlier(due, Self.sum(lastProgress, limits.idle), .idle)
        case .sending, .receiving: break
        case .ended: return nil
        }
        return due.at == .max ? nil : due
    }

    private mutating func enter(_ next: Stage, at now: MonotonicTime) {
        stage = next
        stageSince = now.nanoseconds
        lastProgress = now.nanoseconds
    }

    private static func sum(_ start: UInt64, _ limit: UInt64) -> UInt64 {
        let (sum, overflow) = start.addingReportingOverflow(limit)
        return overflow ? .max : sum
    }

    private static func earlier(_ known: Deadline, _ at: UInt64, _ phase: ClientPhase) -> Deadline {
        at < known.at ? Deadline(at: at, phase: phase) : known
    }
}
