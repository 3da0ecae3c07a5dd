import EventLoop
import Glibc
import Lifecycle
import Synchronization
import Telemetry

/// One run of a program, watched from the control loop: that loop is the main thread's and does nothing else, so
/// signals and deadlines are kept even when a loop of the service hangs.
final class ServiceRun<Config: Sendable>: Sendable {
    private enum Phase {
        case assembling
        case serving(ServiceGroup)
    }

    /// How long after the end of the drain the process ends whatever happens.
    private static var lastResort: Duration { .seconds(5) }

    private let program: ServiceProgram<Config>
    private let config: Config
    private let context: ServiceContext
    private let control: EventLoop
    private let phase = Mutex(Phase.assembling)
    private let code = Mutex(ExitCode?.none)

    init(program: ServiceProgram<Config>, config: Config, context: ServiceContext, control: EventLoop) {
        self.program = program
        self.config = config
        self.context = context
        self.control = control
    }

    /// How the run ended; that the drain was cut when it did not end at all.
    var outcome: ExitCode { code.withLock { $0 } ?? .drainCut }

    /// Does the job. On the control loop.
    func run(_ job: Job<Config>) async {
        do throws(EventLoopError) {
            let signals = try Signals(loop: control) { self.stop(signal: $0) }
            let code =
                switch job {
                case .serve: await serve()
                case .migrate: await migrate()
                case .extra(let action, let flags): await extra(action, flags)
                }
            signals.close()
            finish(code)
        } catch {
            context.logger.error("signals cannot be taken", ["error": "\(error)"])
            finish(.failure)
        }
    }

    private func finish(_ code: ExitCode) {
        self.code.withLock { held in held = held ?? code }
    }

    private func migrate() async -> ExitCode {
        do {
            try await withTaskExecutorPreference(context.group.loops[0]) {
                try await self.program.migrate?(self.config, self.context)
            }
            context.logger.info("the database is up to date")
            return .success
        } catch {
            context.logger.error("the migration failed", ["error": "\(error)"])
            return .failure
        }
    }

    private func extra(_ action: @escaping ExtraAction<Config>, _ flags: Set<String>) async -> ExitCode {
        await withTaskExecutorPreference(context.group.loops[0]) {
            await action(self.config, flags, self.context)
        }
    }

    private func serve() async -> ExitCode {
        let started = MonotonicTime.now()
        let services: [any Service]
        do {
            services = try await withTaskExecutorPreference(context.group.loops[0]) {
                try await self.program.assemble(self.config, self.context)
            }
        } catch {
            context.logger.error("the service cannot start", ["error": "\(error)"])
            return .failure
        }
        let group = ServiceGroup(
            services, control: control, loop: context.group.loops[0], logger: context.logger,
            drain: context.config.drain)
        phase.withLock { $0 = .serving(group) }
        context.logger.info(
            "started",
            [
                "version": .string(context.version), "services": .integer(services.count),
                "loops": .integer(context.group.loops.count),
                "assembly_ms": .milliseconds(started.duration(to: .now())),
            ])
        let code = await group.run()
        context.logger.info("stopped", ["exit_code": .integer(code.rawValue)])
        return code
    }

    /// Takes a signal: an orderly stop with a last resort behind it; while nothing serves yet, the end at once.
    private func stop(signal number: Int32) {
        context.logger.info("signal", ["name": number == SIGINT ? "SIGINT" : "SIGTERM"])
        switch phase.withLock({ $0 }) {
        case .assembling:
            finish(.success)
            control.stop()
        case .serving(let group):
            _ = control.schedule(after: context.config.drain + ServiceGroup.grace + Self.lastResort) { [control] in
                control.stop()
            }
            group.stop()
        }
    }
}
