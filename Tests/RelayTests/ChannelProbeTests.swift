import Contracts
import Routing
import Telemetry
import Testing

@testable import Relay

@Suite("Channel probe")
struct ChannelProbeTests {
    @Test(
        "calls in the Responses protocol are put to channels that speak it and to those that are converted",
        arguments: [1, 4, 14, 36])
    func responses(type: Int) throws {
        let channel = SnapshotChannel(id: 1, type: type, name: "c", sealedKey: "x")
        let routed = try #require(RoutedChannel(channel, key: Redacted("k")))
        #expect(ChannelProbe.serves(.responses, routed) && ChannelProbe.serves(.chatCompletions, routed))
        #expect(!ChannelProbe.serves(.videos, routed))
    }

    @Test(
        "calls in Gemini's protocol are put to Google's channels and to those that are converted",
        arguments: [1, 14, 24])
    func gemini(type: Int) throws {
        let channel = SnapshotChannel(id: 1, type: type, name: "c", sealedKey: "x")
        let routed = try #require(RoutedChannel(channel, key: Redacted("k")))
        #expect(ChannelProbe.serves(.gemini, routed) && !ChannelProbe.serves(.geminiVideo, routed))
    }
}
