package import Contracts
package import EventLoop
package import InternalHTTP

/// Decides when a batch is cut, what is sent, and what an answer means; does no I/O and reads no clock.
///
/// ```
///          due             cut                    acknowledged, or never to be taken
///  idle ───────▶ cutting ───────▶ sending(n) ───────────────────────────────────────▶ idle, next is n+1
///                                   ▲    │ no answer, or not now
///                                   └────┴─▶ resting until …
/// ```
///
/// One batch is on its way at a time, so the collector sees numbers in order. The same number always carries the same bytes: when an answer is lost, the
/// collector may have stored the batch, and recognises it by its number. For that reason the number of a batch that was given up is not used again.
package struct ShipMachine: Equatable, Sendable {
    /// When a batch that is not full is sent, and how long failures rest.
    package struct Policy: Equatable, Sendable {
        /// The longest a record waits for company.
        package var age: Duration = .milliseconds(200)
        package var retry = PeerRetry()

        /// The defaults.
        package init() {}
    }

    /// What the driver does next.
    package enum Action: Equatable, Sendable {
        /// Nothing before news of the queue, or before this time has passed.
        case wait(atMost: Duration?)
        /// Take a batch out of the queue, and say how many records it has.
        case cut
        /// Send the batch that was cut, under this number, and say what came of it.
        case send(sequence: Int64)
        /// Everything is shipped and no more will come.
        case finish
    }

    /// What came of sending.
    package enum Answer: Equatable, Sendable {
        case acknowledged(LogAck)
        case failed(PeerError)
    }

    /// What an answer means.
    package enum Meaning: Equatable, Sendable {
        /// The collector has the batch, now or since an earlier try; in so many of its lines it saw no record.
        case done(taken: Int, rejected: Int)
        /// It is sent again later.
        case again(failures: Int)
        /// The collector will never take it; so many records are lost.
        case givenUp(records: Int)
    }

    private enum State: Equatable {
        case idle
        case cutting
        case ready
        case sending
        case resting(until: MonotonicTime)
    }

    private let policy: Policy
    private var state = State.idle
    private var sequence: Int64 = 1
    private var failures = 0
    /// The records of the batch that left the queue and is not acknowledged.
    package private(set) var recordsInHand = 0

    /// A machine at the start of a run.
    package init(policy: Policy = Policy()) {
        self.policy = policy
    }

    /// What to do now.
    ///
    /// - Parameter isDraining: no more records will come; what is there is shipped without waiting for company.
    package mutating func next(_ pending: LogQueue.Pending, isDraining: Bool, at now: MonotonicTime) -> Action {
        switch state {
        case .idle:
            guard let oldestAt = pending.oldestAt, pending.records > 0 else {
                return isDraining ? .finish : .wait(atMost: nil)
            }
            let isFull = pending.records >= LogShipment.maxRecords || pending.bytes >= LogShipment.maxBytes
            let age = oldestAt.duration(to: now)
            guard isFull || isDraining || age >= policy.age else { return .wait(atMost: policy.age - age) }
            state = .cutting
            return .cut
        case .resting(let until):
            guard now >= until else { return .wait(atMost: now.duration(to: until)) }
            state = .sending
            return .send(sequence: sequence)
        case .ready:
            state = .sending
            return .send(sequence: sequence)
        case .cutting, .sending:
            preconditionFailure("the shipper asked what to do before it did what it was told")
        }
    }

    /// The batch was taken out of the queue. An empty one (the queue lost its records meanwhile) changes nothing.
    package mutating func didCut(records: Int) {
        precondition(state == .cutting, "a batch was cut that nobody asked for")
        recordsInHand = records
        state = records > 0 ? .ready : .idle
    }

    /// The batch was sent and this came of it.
    package mutating func didSend(
        _ answer: Answer, at now: MonotonicTime, using generator: inout some RandomNumberGenerator
    ) -> Meaning {
        precondition(state == .sending, "an answer came to nothing that was sent")
        switch answer {
        case .acknowledged(let ack) where ack.sequence >= sequence:
            let taken = max(0, recordsInHand - ack.rejected)
            close()
            return .done(taken: taken, rejected: ack.rejected)
        case .acknowledged:
            // It answers of an earlier batch only; what became of this one nobody knows.
            return rest(asked: nil, at: now, using: &generator)
        case .failed(let error):
            guard Self.isFinal(error) else { return rest(asked: error.retryAfter, at: now, using: &generator) }
            let lost = recordsInHand
            close()
            return .givenUp(records: lost)
        }
    }

    private mutating func close() {
        state = .idle
        sequence += 1
        failures = 0
        recordsInHand = 0
    }

    private mutating func rest(
        asked: Duration?, at now: MonotonicTime, using generator: inout some RandomNumberGenerator
    ) -> Meaning {
        failures += 1
        let pause = policy.retry.delay(afterFailures: failures, asked: asked, using: &generator)
        state = .resting(until: now.advanced(by: pause))
        return .again(failures: failures)
    }

    /// Whether the collector itself said that it will never take this batch.
    ///
    /// That is a fault of the collector's own with a 4xx status. An answer that is no fault comes from something else at its address, a 401, 408 or 429 from a
    /// state that an operator or time will mend, and 5xx from a collector in trouble: the batch is kept.
    private static func isFinal(_ error: PeerError) -> Bool {
        guard case .fault(_, let status, _) = error else { return false }
        return (400..<500).contains(status) && ![401, 403, 404, 408, 429].contains(status)
    }
}

extension PeerError {
    /// How long the peer asked to be left alone.
    fileprivate var retryAfter: Duration? {
        if case .fault(_, _, let retryAfter) = self { retryAfter } else { nil }
    }
}
