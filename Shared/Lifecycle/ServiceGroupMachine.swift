/// Decides what a group of services does next; does no I/O and reads no clock.
///
/// ```
///            stop, or a service ended         all ended
///  running ───────────────────────▶ draining ───────────▶ finished
///                                       │ deadline, or a second stop
///                                       ▼              all ended, or grace over
///                                   cancelling ─────────────────────▶ finished (70)
/// ```
/// Draining shuts the services down one after the other, the last first; the next one is asked when the one before has
/// both answered and ended.
struct ServiceGroupMachine {
    enum Event: Equatable, Sendable {
        /// A signal, or a call of `stop()`.
        case stop
        /// `run()` of this service returned.
        case ended(Int)
        /// `run()` of this service threw.
        case failed(Int)
        /// `run()` of this service threw ``DrainCut``.
        case cut(Int)
        /// `shutdown()` of this service returned.
        case shutDown(Int)
        /// The time to drain is over.
        case deadline
        /// The time that cancelled services had to end is over.
        case graceOver
    }

    enum Action: Equatable, Sendable {
        case armDeadline
        case shutDown(Int)
        case cancelAll
        case armGrace
        case finish(ExitCode)
    }

    private enum Phase {
        case running
        case draining(current: Int)
        case cancelling
        case finished
    }

    private var phase = Phase.running
    private var hasEnded: [Bool]
    private var hasShutDown: [Bool]
    private var code = ExitCode.success

    /// A machine for `count` services that have been started.
    init(count: Int) {
        hasEnded = Array(repeating: false, count: count)
        hasShutDown = Array(repeating: false, count: count)
    }

    /// The services that have not ended, for the log.
    var running: [Int] { hasEnded.indices.filter { !hasEnded[$0] } }

    /// Whether a service that ends now does so without being asked.
    var isRunning: Bool {
        if case .running = phase { true } else { false }
    }

    mutating func event(_ event: Event) -> [Action] {
        note(event)
        switch phase {
        case .running: return running(event)
        case .draining: return draining(event)
        case .cancelling: return cancelling(event)
        case .finished: return []
        }
    }

    private mutating func note(_ event: Event) {
        switch event {
        case .ended(let service), .failed(let service), .cut(let service): hasEnded[service] = true
        case .shutDown(let service): hasShutDown[service] = true
        case .stop, .deadline, .graceOver: break
        }
    }

    private mutating func running(_ event: Event) -> [Action] {
        switch event {
        case .ended, .failed, .cut: code = .failure
        case .stop: break
        case .shutDown, .deadline, .graceOver: return []
        }
        return [.armDeadline] + advance(below: hasEnded.count)
    }

    private mutating func draining(_ event: Event) -> [Action] {
        switch event {
        case .failed, .cut, .ended, .shutDown:
            if case .failed = event { code = .failure }
            if case .cut = event { code = .drainCut }
            guard case .draining(let current) = phase, hasEnded[current], hasShutDown[current] else { return [] }
            return advance(below: current)
        case .deadline, .stop:
            code = .drainCut
            phase = .cancelling
            return running.isEmpty ? finish() : [.cancelAll, .armGrace]
        case .graceOver: return []
        }
    }

    private mutating func cancelling(_ event: Event) -> [Action] {
        if case .graceOver = event { return finish() }
        return running.isEmpty ? finish() : []
    }

    /// Asks the next service that still runs, going down; ends when there is none.
    private mutating func advance(below limit: Int) -> [Action] {
        guard let next = hasEnded.indices.last(where: { $0 < limit && !hasEnded[$0] }) else { return finish() }
        phase = .draining(current: next)
        return [.shutDown(next)]
    }

    private mutating func finish() -> [Action] {
        phase = .finished
        return [.finish(code)]
    }
}
