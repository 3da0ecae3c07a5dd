package import EventLoop
import Synchronization
package import Telemetry

/// Runs services until a stop is asked for, then stops them in reverse order within a deadline.
///
/// The order given is the order of dependency: a service may use those before it. A service that fails or ends by
/// itself stops the whole group. A second stop cuts the drain short, as the deadline does: what still runs is cancelled,
/// has ``grace`` to end, and the exit code tells.
package final class ServiceGroup: Sendable {
    /// How long cancelled services have to end.
    package static let grace = Duration.seconds(1)

    private let services: [any Service]
    private let control: EventLoop
    private let loop: EventLoop
    private let logger: Logger
    private let drain: Duration
    private let events: AsyncStream<ServiceGroupMachine.Event>
    private let inlet: AsyncStream<ServiceGroupMachine.Event>.Continuation

    /// A group of services in the order of dependency.
    ///
    /// - Parameters:
    ///   - services: What runs.
    ///   - control: The loop that keeps the deadlines; best one that does nothing else.
    ///   - loop: The loop on which `run()` and `shutdown()` of the services run.
    ///   - logger: Says which service failed.
    ///   - drain: The time from the stop until what still runs is cancelled.
    package init(
        _ services: [any Service], control: EventLoop, loop: EventLoop, logger: Logger, drain: Duration
    ) {
        self.services = services
        self.control = control
        self.loop = loop
        self.logger = logger
        self.drain = drain
        // Three events for each service, the two timers, and stops: of these only the first two matter.
        (events, inlet) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(services.count * 3 + 16))
    }

    /// Asks for an orderly stop; the second time cuts it short. Any thread.
    package func stop() {
        inlet.yield(.stop)
    }

    /// Runs all services and returns when they have stopped. Called once.
    package func run() async -> ExitCode {
        let inlet = inlet
        let loop = loop
        let tasks = services.enumerated().map { place, service in
            loop.spawn {
                do {
                    try await service.run()
                    inlet.yield(.ended(place))
                } catch let cut as DrainCut {
                    self.logger.warning("service cut", ["name": .string(service.name), "reason": "\(cut)"])
                    inlet.yield(.cut(place))
                } catch {
                    self.logger.error("service failed", ["name": .string(service.name), "error": "\(error)"])
                    inlet.yield(.failed(place))
                }
            }
        }
        var machine = ServiceGroupMachine(count: services.count)
        var deadline = MonotonicTime.now()
        for await event in events {
            if case .ended(let place) = event, machine.isRunning {
                logger.error("service ended by itself", ["name": .string(services[place].name)])
            }
            for action in machine.event(event) {
                switch action {
                case .armDeadline:
                    logger.info("stopping", ["drain_seconds": .integer(drain.components.seconds)])
                    deadline = .now().advanced(by: drain)
                    arm(.deadline, after: drain)
                case .shutDown(let place):
                    let service = services[place]
                    let time = Self.share(of: MonotonicTime.now().duration(to: deadline), isLast: place == 0)
                    loop.spawn {
                        await service.shutdown(deadline: time)
                        inlet.yield(.shutDown(place))
                    }
                case .cancelAll:
                    let names = machine.running.map { services[$0].name }.joined(separator: ", ")
                    logger.error("the time to drain is over, cancelling", ["services": .string(names)])
                    for task in tasks { task.cancel() }
                case .armGrace: arm(.graceOver, after: Self.grace)
                case .finish(let code):
                    inlet.finish()
                    return code
                }
            }
        }
        return .failure
    }

    /// What a service may use of the time left: all but a quarter, at most five seconds, that those behind it need.
    static func share(of left: Duration, isLast: Bool) -> Duration {
        let left = max(left, .zero)
        return isLast ? left : left - min(left / 4, .seconds(5))
    }

    private func arm(_ event: ServiceGroupMachine.Event, after delay: Duration) {
        control.execute { [control, inlet] in
            _ = control.schedule(after: delay) { inlet.yield(event) }
        }
    }
}
