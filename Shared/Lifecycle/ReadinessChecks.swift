import Synchronization

/// Whether a part of the service can do its work.
package enum ReadinessState: Equatable, Sendable {
    /// It can.
    case ready
    /// It cannot, for a reason an operator understands; no secrets, no caller's text.
    case notReady(String)
}

/// The answer of all checks at one moment.
package struct ReadinessReport: Equatable, Sendable {
    /// One check's answer.
    package struct Check: Equatable, Sendable {
        /// The name given at registration.
        package let name: String
        /// What it answered.
        package let state: ReadinessState
    }

    /// The answers in the order of registration.
    package let checks: [Check]

    /// Whether every check answered `ready`.
    package var isReady: Bool { checks.allSatisfy { $0.state == .ready } }
}

/// The named conditions under which the service takes traffic, for `/readyz`.
///
/// A check is asked each time and must answer at once from what its owner already knows; it does not go out and try.
/// While the service drains a check of that name says so.
package final class ReadinessChecks: Sendable {
    private struct State {
        var checks: [(name: String, check: @Sendable () -> ReadinessState)] = []
        var isDraining = false
    }

    private let state = Mutex(State())

    /// No checks: ready.
    package init() {}

    /// Adds a check; a second one of the same name replaces the first. It may run on any thread.
    package func add(_ name: String, _ check: @escaping @Sendable () -> ReadinessState) {
        state.withLock { state in
            if let place = state.checks.firstIndex(where: { $0.name == name }) {
                state.checks[place].check = check
            } else {
                state.checks.append((name: name, check: check))
            }
        }
    }

    /// Adds a check whose answer the returned switch holds; it starts not ready.
    package func addSwitch(_ name: String, reason: String = "starting") -> ReadinessSwitch {
        let readiness = ReadinessSwitch(.notReady(reason))
        add(name) { readiness.state }
        return readiness
    }

    /// From now on the report says that the service drains. Any thread.
    package func beginDraining() {
        state.withLock { $0.isDraining = true }
    }

    /// Asks all checks.
    package func report() -> ReadinessReport {
        let (checks, isDraining) = state.withLock { ($0.checks, $0.isDraining) }
        var answers = checks.map { ReadinessReport.Check(name: $0.name, state: $0.check()) }
        if isDraining { answers.append(.init(name: "draining", state: .notReady("the service is stopping"))) }
        return ReadinessReport(checks: answers)
    }
}

/// The answer of one check, set by its owner. Safe from any thread.
package final class ReadinessSwitch: Sendable {
    private let held: Mutex<ReadinessState>

    init(_ state: ReadinessState) {
        held = Mutex(state)
    }

    /// The answer now.
    package var state: ReadinessState { held.withLock { $0 } }

    /// Changes the answer.
    package func set(_ state: ReadinessState) {
        held.withLock { $0 = state }
    }
}
