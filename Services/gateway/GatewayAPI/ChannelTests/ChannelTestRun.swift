import Contracts
import HTTPServer
import Relay
import Routing

/// Tests every model of some channels, at most five at once over all of them, in random order. Confined to the loop of its request.
///
/// Channels are taken in random order, and the models of each too; so a run over many channels holds a list of channels and not one of all their models.
final class ChannelTestRun: @unchecked Sendable {
    // SAFETY: made and used on the loop of one request; its child tasks inherit that loop.

    /// How many models are tested at once.
    static let width = 5

    /// What a run tells of one model.
    private struct Tested {
        let channel: Int
        let report: TestReport
    }

    private let tester: ChannelTester
    private let results: TestResults
    private let table: RoutingTable?
    private let request: ServerRequest
    private let stop: ProbeStop
    private var channels: [RoutedChannel]
    private var current: (channel: RoutedChannel, models: [String])?
    /// Models of each channel that are not tested yet; a channel without a failure leaves at 0.
    private var open: [Int: Int] = [:]
    private var failed: Set<Int> = []
    private var faultless: [Int] = []
    private var unsaved: [ChannelTest] = []

    init(
        _ channels: [RoutedChannel], table: RoutingTable?, tester: ChannelTester, results: TestResults,
        request: ServerRequest, stop: ProbeStop
    ) {
        self.channels = channels.shuffled()
        self.table = table
        self.tester = tester
        self.results = results
        self.request = request
        self.stop = stop
    }

    /// Runs the tests and gives each report to `take`, as it comes.
    ///
    /// When `take` throws, running probes are ended and no more are begun. What was found out is handed to the registry in any case.
    ///
    /// - Returns: Whether every model was tested.
    func run(_ take: (TestReport) async throws(WriteError) -> Void) async -> Bool {
        await withTaskGroup(of: Tested.self) { group in
            var isOver = false
            for _ in 0..<Self.width where !isOver { isOver = !begin(&group) }
            while let tested = await group.next() {
                await note(tested)
                do throws(WriteError) {
                    if !stop.isRaised { try await take(tested.report) }
                } catch {
                    stop.raise()
                }
                if tested.report == .ended { stop.raise() }
                _ = begin(&group)
            }
        }
        await results.keep(unsaved, faultless: faultless, on: request.loop)
        return !stop.isRaised
    }

    /// Begins the next test; false when there is none.
    private func begin(_ group: inout TaskGroup<Tested>) -> Bool {
        guard !stop.isRaised, let (channel, model) = next() else { return false }
        group.addTask { [self] in
            let report = await tester.test(model, on: channel, table: table, request: request, stop: stop)
            return Tested(channel: channel.id, report: report)
        }
        return true
    }

    private func next() -> (RoutedChannel, String)? {
        while true {
            if let model = current?.models.popLast(), let channel = current?.channel { return (channel, model) }
            guard let channel = channels.popLast() else { return nil }
            let models = Set(channel.models).shuffled()
            open[channel.id] = models.count
            current = (channel, models)
        }
    }

    private func note(_ tested: Tested) async {
        let channel = tested.channel
        if tested.report.isFailure { failed.insert(channel) }
        open[channel, default: 1] -= 1
        if case .result(let test, isKept: true) = tested.report { unsaved.append(test) }
        if open[channel] == 0, channel != 0 {
            open[channel] = nil
            if failed.remove(channel) == nil { faultless.append(channel) }
        }
        guard unsaved.count >= ChannelTestBatch.maxTests || faultless.count >= ChannelTestBatch.maxTests else { return }
        let (tests, channels) = (unsaved, faultless)
        unsaved = []
        faultless = []
        await results.keep(tests, faultless: channels, on: request.loop)
    }
}
