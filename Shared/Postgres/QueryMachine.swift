/// Decides what a ready connection does next. Pure: it sees what the server answered, sends nothing and knows no clock.
///
/// ```
///  idle ─ begin(statement, new) ─▶ [deallocating ─▶] preparing ─▶ executing ─▶ idle
///       ─ begin(statement, known) ─────────────────────────────▶ executing   (stale: once back to preparing)
///       ─ begin(script) ─▶ script ─▶ idle
///       ─ begin(copy) ─▶ copyStarting ─▶ copyFeeding ─▶ copyEnding ─▶ idle
/// ```
/// `cancel()` may come in any state. An operation that was asked to stop is over only when the server has answered *and* the cancel request has
/// settled; a request still under way could otherwise hit the next statement of the connection.
struct QueryMachine: Equatable {
    /// What is to be done.
    enum Work: Equatable {
        /// A prepared statement; `isKnown` when the server has it, `mustDeallocate` when evicted ones are to be dropped first.
        case statement(isKnown: Bool, mustDeallocate: Bool)
        /// Text without parameters, several statements allowed.
        case script
        /// `COPY … FROM STDIN`.
        case copy
    }

    /// One answer of the server, reduced to what decides.
    enum Answer: Equatable {
        /// A command completed.
        case done
        /// Rows.
        case rows
        /// The server waits for COPY data.
        case copyIn
        /// The server sends COPY data.
        case copyOut
        /// An error; the connection lives unless the state says otherwise.
        case failed(SQLState)
        /// Something else.
        case unexpected
    }

    /// What the driver is to do.
    enum Action: Equatable {
        case nothing
        case sendDeallocate
        case sendPrepare
        case sendExecute
        case sendScript
        /// Hand over COPY data; call `copyFed()` when all of it is handed over.
        case feedCopy
        /// End COPY well.
        case endCopy
        /// End COPY with an error, so that the server answers with one.
        case refuseCopy
        /// Keep this answer as the outcome, replacing an earlier one.
        case keep
        /// The prepared statement is stale: forget it, forget the outcome, prepare again.
        case prepareAgain
        /// Ask the server to stop.
        case requestCancel
        /// The operation is over; deliver its outcome.
        case finish
        /// The connection can no longer be trusted.
        case close(Fault)
    }

    /// Why a connection can no longer be trusted.
    enum Fault: String, Equatable {
        case unexpectedAnswer = "the server sent an answer that does not fit"
        case copyOut = "COPY TO STDOUT is not supported"
        case cancelIgnored = "the statement did not stop when it was cancelled"
    }

    private enum State: Equatable {
        case idle
        case deallocating
        case preparing
        case executing
        case script
        case copyStarting
        case copyFeeding
        case copyEnding
    }

    private enum Cancel: Equatable {
        case none
        case underWay
        case settled
    }

    private var state = State.idle
    private var cancel = Cancel.none
    private var isReused = false
    private var failure: SQLState?
    private var isHeld = false

    /// Whether nothing runs.
    var isIdle: Bool { state == .idle }
    /// Whether COPY data is being handed over.
    var isFeeding: Bool { state == .copyFeeding }
    /// Whether the running operation was asked to stop.
    var isCancelRequested: Bool { cancel != .none }

    /// Starts an operation on an idle connection.
    mutating func begin(_ work: Work) -> Action {
        precondition(state == .idle, "the driver starts one operation at a time")
        self = QueryMachine()
        switch work {
        case .statement(isKnown: true, mustDeallocate: _):
            isReused = true
            state = .executing
            return .sendExecute
        case .statement(isKnown: false, let mustDeallocate):
            state = mustDeallocate ? .deallocating : .preparing
            return mustDeallocate ? .sendDeallocate : .sendPrepare
        case .script:
            state = .script
            return .sendScript
        case .copy:
            state = .copyStarting
            return .sendScript
        }
    }

    /// An answer came.
    mutating func answered(_ answer: Answer) -> Action {
        switch (state, answer) {
        case (.idle, _), (_, .unexpected): return .close(.unexpectedAnswer)
        case (_, .copyOut): return .close(.copyOut)
        case (.deallocating, _): return .nothing
        case (.copyStarting, .copyIn):
            guard cancel == .none else {
                state = .copyEnding
                return .refuseCopy
            }
            state = .copyFeeding
            return .feedCopy
        case (.executing, .copyIn), (.script, .copyIn): return .refuseCopy
        case (_, .copyIn): return .close(.unexpectedAnswer)
        case (.preparing, .done): return .nothing
        case (_, .failed(let code)):
            failure = code
            return .keep
        case (_, .done), (_, .rows): return .keep
        }
    }

    /// All COPY data was handed over.
    mutating func copyFed() -> Action {
        guard state == .copyFeeding else { return .nothing }
        state = .copyEnding
        return .endCopy
    }

    /// The server finished answering what was sent last.
    ///
    /// - Parameter isInTransaction: Whether a transaction block is open; a stale statement then cannot be tried again.
    mutating func answersEnded(isInTransaction: Bool) -> Action {
        switch state {
        case .idle: return .nothing
        case .copyFeeding: return .close(.unexpectedAnswer)
        case .deallocating where cancel == .none:
            state = .preparing
            return .sendPrepare
        case .preparing where failure == nil && cancel == .none:
            state = .executing
            return .sendExecute
        case .executing where isReused && cancel == .none && !isInTransaction && failure?.isStaleStatement == true:
            isReused = false
            failure = nil
            state = .preparing
            return .prepareAgain
        case .deallocating, .preparing, .executing, .script, .copyStarting, .copyEnding: break
        }
        guard cancel != .underWay else {
            isHeld = true
            return .nothing
        }
        state = .idle
        return .finish
    }

    /// The caller no longer wants the outcome.
    mutating func requestCancel() -> Action {
        guard state != .idle, cancel == .none else { return .nothing }
        guard state != .copyFeeding else {
            cancel = .settled
            state = .copyEnding
            return .refuseCopy
        }
        cancel = .underWay
        return .requestCancel
    }

    /// The cancel request has done what it could.
    mutating func cancelSettled() -> Action {
        guard cancel == .underWay else { return .nothing }
        cancel = .settled
        guard isHeld else { return .nothing }
        state = .idle
        return .finish
    }

    /// The time for a cancelled operation to end is over.
    mutating func graceEnded() -> Action {
        state != .idle && cancel != .none ? .close(.cancelIgnored) : .nothing
    }
}
