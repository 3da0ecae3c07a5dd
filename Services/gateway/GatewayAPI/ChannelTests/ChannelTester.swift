import Contracts
import HTTPServer
import Relay
import Routing
import Telemetry

/// Tests one model of one channel.
struct ChannelTester: Sendable {
    let probe: ChannelProbe
    let metrics: ChannelTestMetrics

    /// Probes the model as its type asks, with one attempt.
    ///
    /// - Parameters:
    ///   - channel: A saved channel, or with the id 0 one that is not.
    ///   - table: Where model configs are looked up; `nil` before there is any configuration.
    ///   - request: The operator's, on whose loop the work is done.
    func test(
        _ model: String, on channel: RoutedChannel, table: RoutingTable?, request: ServerRequest, stop: ProbeStop
    ) async -> TestReport {
        guard !stop.isRaised else { return .ended }
        let plan = TestPlan.make(
            model, on: channel, config: table?.modelConfig(model), serves: ChannelProbe.serves)
        var test = ChannelTest(
            testedAt: WallClock.microseconds(), model: model, actualModel: channel.upstreamModel(for: model), mode: 0,
            isSuccess: true, code: 200, response: "", took: 0, channel: channel.id, channelType: channel.type.id,
            channelName: channel.name)
        switch plan {
        case .fault(let reason): return .fault(Self.message(reason, model, channel))
        case .untestable(let reason): return .untestable(Self.message(reason, model, channel))
        case .excused(let mode):
            test.actualModel = model
            test.mode = mode.rawValue
            return .result(test, isKept: false)
        case .probe(let row):
            let isSaved = channel.id != 0
            let outcome = await probe.send(
                row.body(model: model), mode: row.mode, model: model, to: channel, for: request, isSaved: isSaved,
                stop: stop)
            guard let outcome else { return .ended }
            metrics.count(outcome.isSuccess ? .succeeded : .failed)
            test.mode = row.mode.rawValue
            test.isSuccess = outcome.isSuccess
            test.code = outcome.status
            test.took = outcome.took
            if !(outcome.isSuccess && row.hidesAnswer) {
                test.response = String(decoding: outcome.response, as: UTF8.self)
            }
            return .result(test, isKept: isSaved)
        }
    }

    /// A saved channel is named in front of the reason; the form of an unsaved one holds only one.
    private static func message(_ reason: String, _ model: String, _ channel: RoutedChannel) -> String {
        channel.id == 0 ? reason : "failed to test channel \(channel.name)(\(channel.id)) model \(model): \(reason)"
    }
}
