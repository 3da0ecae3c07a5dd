package import EventLoop

extension StopSignal {
    /// Works on a loop until the work is done or the signal is raised; then the work is cancelled and waited for. For the `run()` of a service.
    package func work(on loop: EventLoop, _ work: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await withTaskExecutorPreference(loop) { await work() } }
            group.addTask { await self.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
