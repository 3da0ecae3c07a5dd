import Testing

@testable import Relay

@Suite("Responses that were counted")
struct CountedResponsesTests {
    @Test("each is counted once for its channel, and only so many are remembered")
    func once() {
        let counted = CountedResponses(limit: 2)
        #expect(counted.isFirst("a", channel: 1) && !counted.isFirst("a", channel: 1))
        #expect(counted.isFirst("a", channel: 2))
        #expect(!counted.isFirst("a", channel: 1))
        #expect(counted.isFirst("b", channel: 1))
        // The oldest is forgotten, the others are not.
        #expect(!counted.isFirst("a", channel: 2) && !counted.isFirst("b", channel: 1))
        #expect(counted.isFirst("a", channel: 1) && counted.isFirst("a", channel: 2))
    }
}
