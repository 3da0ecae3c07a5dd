import EventLoop
import Synchronization

/// One thing to do on a connection, and who waits for it.
struct Operation {
    /// What is to be done.
    enum Work: Sendable {
        /// A prepared statement with bound parameters.
        case statement(SQL)
        /// Text without parameters.
        case script(String)
        /// `COPY … FROM STDIN` and its data.
        case copy(String, [UInt8])
    }

    let number: UInt64
    let text: String
    let copyData: [UInt8]
    let token: OperationToken?
    let completion: (Result<ResultSet, PostgresError>) -> Void
    var statementName = ""
    var isPrepared = false
    var copied = 0
    var outcome: ResultSet?
    var deadline: MonotonicTime?
}

/// Names an operation to whoever may cancel it, and remembers that before the operation has begun.
final class OperationToken: Sendable {
    let isCancelled = Atomic<Bool>(false)
}

extension ConnectionDriver {
    /// libpq would cut the statement there, and a statement without its WHERE is another statement.
    private static let textWithNUL = PostgresError.encode(parameter: 0, reason: "the statement contains NUL")
    private static let copyPiece = 64 * 1024

    // MARK: From any thread

    /// Does one operation.
    ///
    /// - Parameters:
    ///   - work: What to do.
    ///   - isCancellable: Whether cancelling the task stops it; false for what must happen anyway (`ROLLBACK`).
    /// - Throws: What the server said, or why there was no connection.
    @discardableResult
    func perform(_ work: Operation.Work, isCancellable: Bool = true) async throws(PostgresError) -> ResultSet {
        guard isCancellable else { return try await run(work, nil).get() }
        let token = OperationToken()
        let outcome = await withTaskCancellationHandler {
            await run(work, token)
        } onCancel: {
            token.isCancelled.store(true, ordering: .releasing)
            loop.execute { self.cancel(token) }
        }
        return try outcome.get()
    }

    private func run(_ work: Operation.Work, _ token: OperationToken?) async -> Result<ResultSet, PostgresError> {
        await withCheckedContinuation { continuation in
            if loop.isCurrent {
                begin(work, token) { continuation.resume(returning: $0) }
            } else {
                loop.execute { self.begin(work, token) { continuation.resume(returning: $0) } }
            }
        }
    }

    // MARK: On the loop

    /// Starts an operation; `completion` is called once, on the loop.
    func begin(
        _ work: Operation.Work, _ token: OperationToken?,
        completion: @escaping (Result<ResultSet, PostgresError>) -> Void
    ) {
        loop.assertCurrent()
        if let token, token.isCancelled.load(ordering: .acquiring) { return completion(.failure(.cancelled)) }
        guard isReady, let handle else { return completion(.failure(refusal)) }
        guard operation == nil else { return completion(.failure(.connectionBusy)) }
        operations += 1
        let start: QueryMachine.Work
        switch work {
        case .statement(let sql):
            do throws(PostgresError) {
                try buffer.fill(sql.parameters)
            } catch {
                return completion(.failure(error))
            }
            let text = sql.text
            let known = cache.name(of: text)
            guard known != nil || !text.utf8.contains(0) else { return completion(.failure(Self.textWithNUL)) }
            operation = Operation(number: operations, text: text, copyData: [], token: token, completion: completion)
            operation?.statementName = known ?? cache.nextName()
            operation?.isPrepared = known != nil
            let mustDeallocate = !leftovers.isEmpty && handle.transaction != .failed
            start = .statement(isKnown: known != nil, mustDeallocate: mustDeallocate)
        case .script(let text):
            guard !text.utf8.contains(0) else { return completion(.failure(Self.textWithNUL)) }
            operation = Operation(number: operations, text: text, copyData: [], token: token, completion: completion)
            start = .script
        case .copy(let text, let data):
            guard !text.utf8.contains(0) else { return completion(.failure(Self.textWithNUL)) }
            operation = Operation(number: operations, text: text, copyData: data, token: token, completion: completion)
            start = .copy
        }
        armDeadline()
        act(machine.begin(start))
    }

    /// Asks the running operation to stop, if it is this one.
    func cancel(_ token: OperationToken) {
        loop.assertCurrent()
        guard let operation, operation.token === token else { return }
        let number = operation.number
        let action = machine.requestCancel()
        guard action != .nothing else { return }
        _ = loop.schedule(after: configuration.cancelGrace) {
            guard self.operation?.number == number else { return }
            self.act(self.machine.graceEnded())
        }
        act(action)
        // A COPY that is refused may have its answer in the buffer already.
        receive()
    }

    /// Sends what waits to be sent, after the socket had room again.
    func continueSending() {
        guard let handle else { return }
        switch handle.flush() {
        case .failed: lost(handle.message)
        case .blocked: setBlocked(true)
        case .done:
            setBlocked(false)
            if machine.isFeeding { feed() }
        }
    }

    /// Takes every answer that has arrived in full.
    func receive() {
        while let handle, operation != nil, !machine.isFeeding, !handle.isBusy {
            guard let answer = handle.nextAnswer() else {
                let action = machine.answersEnded(isInTransaction: handle.transaction != .idle)
                act(action)
                // Held until the cancel request has settled, or nothing was running.
                if action == .nothing { return }
                continue
            }
            let kind = answer.answer
            let action = machine.answered(kind)
            if action == .keep { operation?.outcome = answer }
            if case .failed(let state) = kind, state.endsConnection { retire() }
            act(action)
        }
    }

    private func act(_ action: QueryMachine.Action) {
        guard let handle, let operation else { return }
        switch action {
        case .nothing, .keep: break
        case .sendDeallocate:
            let names = leftovers.map { "DEALLOCATE \($0)" }.joined(separator: ";")
            leftovers = []
            sent(handle.sendScript(names))
        case .sendPrepare: sent(handle.sendPrepare(name: operation.statementName, text: operation.text))
        case .sendExecute:
            rememberStatement()
            sent(handle.sendExecute(name: operation.statementName, buffer))
        case .sendScript: sent(handle.sendScript(operation.text))
        case .prepareAgain:
            forgetStatement()
            self.operation?.outcome = nil
            let name = cache.nextName()
            self.operation?.statementName = name
            sent(handle.sendPrepare(name: name, text: operation.text))
        case .feedCopy: feed()
        case .endCopy: sent(handle.endCopy(refusing: nil))
        case .refuseCopy: sent(handle.endCopy(refusing: "cancelled"))
        case .requestCancel: sendCancel(handle, operation.number)
        case .finish: finish()
        case .close(let fault): end(closeError(fault), reason: fault.rawValue)
        }
    }

    private func sent(_ isQueued: Bool) {
        guard let handle else { return }
        guard isQueued else { return lost(handle.message) }
        switch handle.flush() {
        case .done: break
        case .blocked: setBlocked(true)
        case .failed: lost(handle.message)
        }
    }

    /// Hands over COPY data until the socket is full; `continueSending` calls again.
    private func feed() {
        while let handle, let operation, machine.isFeeding {
            guard operation.copied < operation.copyData.count else { return act(machine.copyFed()) }
            let end = min(operation.copied + Self.copyPiece, operation.copyData.count)
            guard handle.putCopy(operation.copyData, operation.copied..<end) else { return lost(handle.message) }
            self.operation?.copied = end
            switch handle.flush() {
            case .done: continue
            case .blocked: return setBlocked(true)
            case .failed: return lost(handle.message)
            }
        }
    }

    private func sendCancel(_ handle: PGHandle, _ number: UInt64) {
        guard let request = handle.cancelRequest() else { return end(.cancelled, reason: "no cancel request") }
        loop.spawn {
            let isSent = (try? await self.blocking.run { request.send() }) ?? false
            guard self.operation?.number == number else { return }
            guard isSent else { return self.end(.cancelled, reason: "the cancel request was not taken") }
            self.act(self.machine.cancelSettled())
        }
    }

    // MARK: Ends

    private func finish() {
        guard let finished = operation.take() else { return }
        publishStatus()
        let result: Result<ResultSet, PostgresError>
        switch finished.outcome.map({ ($0, $0.answer) }) {
        case (_, .failed(.queryCanceled))? where machine.isCancelRequested: result = .failure(.cancelled)
        case (let answer, .failed(let state))?:
            if state.isStaleStatement, finished.isPrepared { drop(finished.text) }
            result = .failure(answer.error)
        case (let answer, _)?: result = .success(answer)
        case nil:
            result = .failure(machine.isCancelRequested ? .cancelled : .protocolFault("the server gave no answer"))
        }
        let mustEnd = !isReady
        finished.completion(result)
        if mustEnd { end(.unavailable("the server ended the session"), reason: "the server ended the session") }
    }

    /// The connection ends under the operation; an error that the server gave before is the better reason.
    func failOperation(_ error: PostgresError) {
        guard let failed = operation.take() else { return }
        publishStatus()
        var reason = machine.isCancelRequested ? .cancelled : error
        if let outcome = failed.outcome, case .failed = outcome.answer, !machine.isCancelRequested {
            reason = outcome.error
        }
        failed.completion(.failure(reason))
    }

    private func closeError(_ fault: QueryMachine.Fault) -> PostgresError {
        switch fault {
        case .cancelIgnored: .cancelled
        case .unexpectedAnswer, .copyOut: .protocolFault(fault.rawValue)
        }
    }

    // MARK: Statements

    private func rememberStatement() {
        guard let operation, !operation.isPrepared else { return }
        self.operation?.isPrepared = true
        if let evicted = cache.insert(operation.text, name: operation.statementName) { leftovers.append(evicted) }
    }

    private func forgetStatement() {
        guard let operation else { return }
        self.operation?.isPrepared = false
        drop(operation.text)
    }

    private func drop(_ text: String) {
        if let name = cache.remove(text) { leftovers.append(name) }
    }

    // MARK: Deadline

    /// One timer per connection watches for servers that went silent; it is not moved for each operation.
    private func armDeadline() {
        guard let limit = statementLimit else { return }
        let wait = limit + configuration.silenceGrace
        operation?.deadline = loop.now.advanced(by: wait)
        // A timer that is armed for a later moment would come too late for a limit that was shortened since.
        guard armedLimit.map({ $0 > wait }) ?? true else { return }
        armedLimit = wait
        scheduleDeadline(after: wait, armedFor: wait)
    }

    private func scheduleDeadline(after delay: Duration, armedFor wait: Duration) {
        _ = loop.schedule(after: delay) { [weak self] in
            guard let self, self.armedLimit == wait else { return }
            guard let deadline = self.operation?.deadline else {
                self.armedLimit = nil
                return
            }
            let left = self.loop.now.duration(to: deadline)
            guard left <= .zero else { return self.scheduleDeadline(after: left, armedFor: wait) }
            self.armedLimit = nil
            self.lost("the server did not answer in time")
        }
    }
}
