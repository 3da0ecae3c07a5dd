package import Contracts
import EventLoop
import InternalHTTP
package import Telemetry

/// Hands results of saved channels to the registry.
///
/// A registry that does not take them within five seconds does not take them: the operator has the answer all the same, the loss is logged and counted.
package struct TestResults: Sendable {
    /// Sends a batch to the registry; throws `PeerError`.
    package typealias Send = @Sendable (ChannelTestBatch) async throws -> ChannelTestAck

    /// How long the registry may take.
    package static let patience: Duration = .seconds(5)

    private let send: Send
    private let metrics: ChannelTestMetrics
    private let logger: Logger

    package init(metrics: ChannelTestMetrics, logger: Logger, send: @escaping Send) {
        self.send = send
        self.metrics = metrics
        self.logger = logger
    }

    /// Sends what there is, in batches; also when the operator has left and the task of the request is cancelled.
    func keep(_ tests: [ChannelTest], faultless: [Int] = [], on loop: EventLoop) async {
        guard !tests.isEmpty || !faultless.isEmpty else { return }
        await loop.spawn {
            var tests = tests[...]
            var faultless = faultless[...]
            while !tests.isEmpty || !faultless.isEmpty {
                let part = tests.prefix(ChannelTestBatch.maxTests)
                tests = tests.dropFirst(part.count)
                // The mark of a channel goes after its last result is kept.
                let channels = tests.isEmpty ? faultless.prefix(ChannelTestBatch.maxTests) : []
                faultless = faultless.dropFirst(channels.count)
                await keep(ChannelTestBatch(tests: part.map(Self.short), faultless: Array(channels)))
            }
        }.value
    }

    private func keep(_ batch: ChannelTestBatch) async {
        do {
            _ = try await send(batch)
        } catch {
            let reason = (error as? PeerError)?.code ?? "other"
            metrics.countUnsaved(batch.tests.count, reason: reason)
            logger.warning(
                "results of channel tests were not saved",
                [
                    "results": .integer(batch.tests.count), "error": .string(reason),
                    "channels": .string(
                        Set(batch.tests.map(\.channel)).sorted().prefix(20).map(String.init).joined(separator: ", ")),
                ])
        }
    }

    /// What is kept of a result: the error text, cut; the body of a good answer is of no use later.
    static func short(_ test: ChannelTest) -> ChannelTest {
        var test = test
        if test.isSuccess {
            test.response = ""
        } else if test.response.utf8.count > ChannelTestBatch.maxResponseBytes {
            test.response =
                String(
                    decoding: test.response.utf8.prefix(ChannelTestBatch.maxResponseBytes - 3), as: UTF8.self) + "..."
        }
        return test
    }
}
