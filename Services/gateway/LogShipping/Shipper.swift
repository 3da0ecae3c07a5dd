package import Contracts
package import EventLoop
import FoundationEssentials
import HTTPCore
package import InternalHTTP
import Lifecycle
import Synchronization
package import Telemetry

/// Ships what waits in a queue to the log collector, in order, each record once.
///
/// At shutdown it ships what is left until the deadline; what is not acknowledged then is reported as lost, in the log and by the error of `run()`.
package final class Shipper: Service {
    /// Sends one batch under its name and number.
    package typealias Send =
        @Sendable (_ shipment: LogShipment, _ body: [UInt8]) async throws(PeerError) -> LogAck

    package let name = "log-shipper"
    /// Names this run of this gateway.
    package let instance: String
    private let queue: LogQueue
    private let send: Send
    private let loop: EventLoop
    private let metrics: LogMetrics
    private let logger: Logger
    private let machine: Mutex<ShipMachine>
    private let stop = StopSignal()
    private let drainTime = Mutex<Duration>(.zero)

    /// How long a shipment may take.
    package static let timeout: Duration = .seconds(60)

    /// A shipper that has not begun.
    ///
    /// - Parameters:
    ///   - instance: random, so that no other run has it.
    ///   - send: ended by cancellation.
    package init(
        queue: LogQueue, send: @escaping Send, loop: EventLoop, metrics: LogMetrics, logger: Logger,
        policy: ShipMachine.Policy = ShipMachine.Policy(), instance: String = Shipper.randomInstance()
    ) {
        self.queue = queue
        self.send = send
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        self.instance = instance
        machine = Mutex(ShipMachine(policy: policy))
    }

    /// A shipper to the collector behind `peer`.
    package convenience init(
        queue: LogQueue, peer: PeerClient, loop: EventLoop, metrics: LogMetrics, logger: Logger,
        policy: ShipMachine.Policy = ShipMachine.Policy()
    ) {
        self.init(
            queue: queue,
            send: { shipment, body async throws(PeerError) in try await Self.ship(shipment, body, to: peer) },
            loop: loop, metrics: metrics, logger: logger, policy: policy)
    }

    /// A name that no other run has.
    package static func randomInstance() -> String {
        let words = (0..<2).map { _ in
            let hex = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }
        return "gateway-" + words.joined()
    }

    private static func ship(
        _ shipment: LogShipment, _ body: [UInt8], to peer: PeerClient
    ) async throws(PeerError) -> LogAck {
        let headers: HTTPHeaders = [
            LogShipment.instanceHeader: shipment.instance, LogShipment.sequenceHeader: String(shipment.sequence),
        ]
        let answer = try await peer.send(
            path: LogShipment.path, body: body, contentType: "application/x-ndjson", headers: headers,
            timeout: Self.timeout)
        do {
            return try JSONDecoder().decode(LogAck.self, from: Data(answer.body))
        } catch {
            throw .unexpected(status: answer.status, "the answer is no acknowledgement")
        }
    }

    /// Ships until `shutdown(deadline:)`, then what is left.
    ///
    /// - Throws: `DrainCut` when records were left at the deadline.
    package func run() async throws {
        await withTaskExecutorPreference(loop) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.ship() }
                group.addTask {
                    await self.stop.wait()
                    self.queue.news.raise()
                    // Ends early when everything is shipped.
                    try? await self.loop.sleep(for: self.drainTime.withLock { $0 })
                }
                _ = await group.next()
                group.cancelAll()
            }
        }
        try reportLoss()
    }

    /// Begins to ship what is left; no record is expected any more.
    package func shutdown(deadline: Duration) async {
        drainTime.withLock { $0 = deadline }
        stop.raise()
    }

    private func ship() async {
        var batch = LogQueue.Batch()
        while !Task.isCancelled {
            let (pending, isDraining) = (queue.pending, stop.isRaised)
            let action = machine.withLock { $0.next(pending, isDraining: isDraining, at: .now()) }
            switch action {
            case .wait(.none):
                await queue.news.wait()
            case .wait(.some(let time)):
                await queue.news.wait(atMost: time, on: loop)
            case .cut:
                batch = queue.take()
                machine.withLock { $0.didCut(records: batch.records) }
            case .send(let sequence):
                await deliver(batch, sequence)
            case .finish:
                return
            }
        }
    }

    private func deliver(_ batch: LogQueue.Batch, _ sequence: Int64) async {
        let answer: ShipMachine.Answer
        do throws(PeerError) {
            answer = .acknowledged(
                try await send(LogShipment(instance: instance, sequence: sequence), batch.body))
        } catch {
            answer = .failed(error)
            metrics.failed(error.code)
        }
        var generator = SystemRandomNumberGenerator()
        let meaning = machine.withLock { $0.didSend(answer, at: .now(), using: &generator) }
        report(meaning, of: answer, sequence)
    }

    private func report(_ meaning: ShipMachine.Meaning, of answer: ShipMachine.Answer, _ sequence: Int64) {
        switch meaning {
        case .done(let taken, let rejected):
            metrics.shipped(taken)
            guard rejected > 0 else { return }
            metrics.rejected(rejected)
            logger.error(
                "the collector rejected call records",
                ["records": .integer(rejected), "instance": .string(instance), "sequence": .int(sequence)])
        case .again(let failures):
            guard !Task.isCancelled else { return }
            let fields: LogFields = [
                "answer": .string("\(answer)"), "sequence": .int(sequence), "failures": .integer(failures),
                "waiting": .integer(queue.pending.records),
            ]
            // The first failure is news; afterwards the metric says it.
            if failures == 1 { logger.warning("call records cannot be shipped now", fields) }
            if failures > 1 { logger.debug("call records cannot be shipped now", fields) }
        case .givenUp(let records):
            metrics.dropped(.refused, records)
            logger.error(
                "call records were lost: the collector will never take this shipment",
                [
                    "records": .integer(records), "answer": .string("\(answer)"), "instance": .string(instance),
                    "sequence": .int(sequence),
                ])
        }
    }

    private func reportLoss() throws(DrainCut) {
        let lost = machine.withLock { $0.recordsInHand } + queue.pending.records
        guard lost > 0 else { return }
        metrics.dropped(.stopped, lost)
        logger.error(
            "call records were lost: they could not be shipped before the gateway stopped",
            ["records": .integer(lost), "instance": .string(instance)])
        throw DrainCut("\(lost) call records were not shipped")
    }
}
