import Contracts
import Routing
import Telemetry

extension Relay {
    /// Tells the operator what the end of an attempt changed about a channel.
    func report(_ event: HealthEvent, of channel: RoutedChannel, model: String, requestID: String) {
        let logger = logger.with([
            "channel": .integer(channel.id), "channel_name": .string(channel.name), "model": .string(model),
            "request_id": .string(requestID),
        ])
        switch event {
        case .banned(let reason, let seconds, let rate):
            metrics.countBan(reason)
            logger.warning(
                "a model was banned on a channel",
                [
                    "reason": .string(reason.rawValue), "seconds": .integer(Int(clamping: seconds)),
                    "error_rate": .double(rate),
                ])
        case .lifted:
            metrics.countLiftedBan()
            logger.info("a call succeeded after the ban of a model on a channel")
        case .warned(let rate):
            logger.warning("the error rate of a model on a channel is high", ["error_rate": .double(rate)])
        }
    }
}
