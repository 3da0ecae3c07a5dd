import Testing

@testable import Postgres

@Suite("Query machine")
struct QueryMachineTests {
    private func executing(known: Bool = true) -> QueryMachine {
        var machine = QueryMachine()
        #expect(
            machine.begin(.statement(isKnown: known, mustDeallocate: false)) == (known ? .sendExecute : .sendPrepare))
        if !known {
            #expect(machine.answered(.done) == .nothing)
            #expect(machine.answersEnded(isInTransaction: false) == .sendExecute)
        }
        return machine
    }

    @Test("a new statement is prepared, executed and over")
    func newStatement() {
        var machine = executing(known: false)
        #expect(machine.answered(.rows) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
        #expect(machine.isIdle)
    }

    @Test("a known statement is executed at once")
    func knownStatement() {
        var machine = executing()
        #expect(machine.answered(.done) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
    }

    @Test("evicted statements are dropped first, and a failure of that changes nothing")
    func deallocate() {
        var machine = QueryMachine()
        #expect(machine.begin(.statement(isKnown: false, mustDeallocate: true)) == .sendDeallocate)
        #expect(machine.answered(.failed("26000")) == .nothing)
        #expect(machine.answersEnded(isInTransaction: false) == .sendPrepare)
    }

    @Test("an error while preparing ends the operation")
    func prepareFails() {
        var machine = QueryMachine()
        _ = machine.begin(.statement(isKnown: false, mustDeallocate: false))
        #expect(machine.answered(.failed("42601")) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
    }

    @Test("a stale statement is prepared again once, outside a transaction only")
    func stale() {
        var machine = executing()
        #expect(machine.answered(.failed("0A000")) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .prepareAgain)
        #expect(machine.answered(.done) == .nothing)
        #expect(machine.answersEnded(isInTransaction: false) == .sendExecute)
        #expect(machine.answered(.failed("0A000")) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)

        machine = executing()
        _ = machine.answered(.failed("26000"))
        #expect(machine.answersEnded(isInTransaction: true) == .finish)
    }

    @Test("COPY is fed, ended and answered")
    func copy() {
        var machine = QueryMachine()
        #expect(machine.begin(.copy) == .sendScript)
        #expect(machine.answered(.copyIn) == .feedCopy)
        #expect(machine.isFeeding)
        #expect(machine.copyFed() == .endCopy)
        #expect(!machine.isFeeding)
        #expect(machine.copyFed() == .nothing)
        #expect(machine.answered(.done) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
    }

    @Test("a COPY that the server refuses is over without data")
    func copyRefused() {
        var machine = QueryMachine()
        _ = machine.begin(.copy)
        #expect(machine.answered(.failed("42P01")) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
    }

    @Test("COPY in a place where there is no data for it is refused, COPY to us closes")
    func copyElsewhere() {
        var machine = QueryMachine()
        _ = machine.begin(.script)
        #expect(machine.answered(.copyIn) == .refuseCopy)
        #expect(machine.answered(.failed("57014")) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
        machine = executing()
        #expect(machine.answered(.copyIn) == .refuseCopy)
        machine = executing()
        #expect(machine.answered(.copyOut) == .close(.copyOut))
    }

    @Test("an answer to nothing and one of an unknown kind close the connection")
    func unexpected() {
        var machine = QueryMachine()
        #expect(machine.answered(.done) == .close(.unexpectedAnswer))
        machine = executing()
        #expect(machine.answered(.unexpected) == .close(.unexpectedAnswer))
    }

    @Test("a cancelled operation is over only when server and cancel request both are, in either order")
    func cancel() {
        var machine = executing()
        #expect(machine.requestCancel() == .requestCancel)
        #expect(machine.requestCancel() == .nothing)
        #expect(machine.answered(.failed("57014")) == .keep)
        #expect(machine.answersEnded(isInTransaction: false) == .nothing)
        #expect(!machine.isIdle)
        #expect(machine.cancelSettled() == .finish)
        #expect(machine.isIdle)

        machine = executing()
        _ = machine.requestCancel()
        #expect(machine.cancelSettled() == .nothing)
        _ = machine.answered(.failed("57014"))
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
    }

    @Test("a statement that is cancelled while it is prepared is not executed")
    func cancelWhilePreparing() {
        var machine = QueryMachine()
        _ = machine.begin(.statement(isKnown: false, mustDeallocate: false))
        _ = machine.requestCancel()
        _ = machine.answered(.done)
        #expect(machine.cancelSettled() == .nothing)
        #expect(machine.answersEnded(isInTransaction: false) == .finish)
    }

    @Test("COPY that is being fed is cancelled by refusing it, one that has not begun is never fed")
    func cancelCopy() {
        var machine = QueryMachine()
        _ = machine.begin(.copy)
        _ = machine.answered(.copyIn)
        #expect(machine.requestCancel() == .refuseCopy)
        #expect(!machine.isFeeding)
        _ = machine.answered(.failed("57014"))
        #expect(machine.answersEnded(isInTransaction: false) == .finish)

        machine = QueryMachine()
        _ = machine.begin(.copy)
        #expect(machine.requestCancel() == .requestCancel)
        #expect(machine.answered(.copyIn) == .refuseCopy)
    }

    @Test("a cancelled operation that does not end in time costs the connection")
    func grace() {
        var machine = executing()
        #expect(machine.graceEnded() == .nothing)
        _ = machine.requestCancel()
        #expect(machine.graceEnded() == .close(.cancelIgnored))
    }

    @Test("cancelling when nothing runs does nothing")
    func idleCancel() {
        var machine = QueryMachine()
        #expect(machine.requestCancel() == .nothing)
        #expect(machine.cancelSettled() == .nothing)
        #expect(machine.graceEnded() == .nothing)
        #expect(machine.answersEnded(isInTransaction: false) == .nothing)
    }
}
