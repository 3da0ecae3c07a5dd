import EventLoop
import HTTPCore

/// When something is due.
///
/// A plain group of its own, so that the driver can look at it after every event without copying the machine.
struct Deadlines {
    var read = MonotonicTime.never
    var write = MonotonicTime.never
    var probe = MonotonicTime.never

    var next: MonotonicTime { min(read, min(write, probe)) }
}

extension MonotonicTime {
    /// Later than every other time.
    static let never = MonotonicTime(nanoseconds: .max)

    static func + (time: MonotonicTime, span: Nanoseconds) -> MonotonicTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(span.count)
        return overflow ? .never : MonotonicTime(nanoseconds: sum)
    }
}

/// A span of time whose conversion is paid once: `Duration` is 128 bits wide, and a request adds spans to times a dozen times.
struct Nanoseconds {
    let count: UInt64

    init(_ duration: Duration) {
        count = UInt64(max(0, duration.clampedNanoseconds))
    }

    private init(count: UInt64) {
        self.count = count
    }

    static func * (span: Nanoseconds, factor: UInt64) -> Nanoseconds {
        let (product, overflow) = span.count.multipliedReportingOverflow(by: factor)
        return Nanoseconds(count: overflow ? .max : product)
    }
}

/// The part of `ServerConfiguration` that the machine needs.
struct MachineLimits {
    var head: HeadLimits
    var maxBodyBytes: Int
    var headerTimeout: Nanoseconds
    var idleTimeout: Nanoseconds
    var bodyIdleTimeout: Nanoseconds
    var writeStallTimeout: Nanoseconds
    var lingerTimeout: Nanoseconds
    var halfCloseWindow: Nanoseconds
    var halfCloseAnswerWindow: Nanoseconds
    var halfCloseProbeDelay: Nanoseconds

    init(_ configuration: ServerConfiguration) {
        head = configuration.headLimits
        maxBodyBytes = configuration.maxBodyBytes
        headerTimeout = Nanoseconds(configuration.headerTimeout)
        idleTimeout = Nanoseconds(configuration.idleTimeout)
        bodyIdleTimeout = Nanoseconds(configuration.bodyIdleTimeout)
        writeStallTimeout = Nanoseconds(configuration.writeStallTimeout)
        lingerTimeout = Nanoseconds(configuration.lingerTimeout)
        halfCloseWindow = Nanoseconds(configuration.halfCloseWindow)
        halfCloseAnswerWindow = Nanoseconds(configuration.halfCloseAnswerWindow)
        halfCloseProbeDelay = Nanoseconds(configuration.halfCloseProbeDelay)
    }
}
