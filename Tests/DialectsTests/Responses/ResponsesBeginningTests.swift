import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Responses: the beginning of a stream")
struct ResponsesBeginningTests {
    @Test("a stream that never says that it began begins with the first thing it tells")
    func noCreated() throws {
        let context = UpstreamContext(
            channelType: ChannelType.all[0], upstreamModel: "up", requestedModel: "asked", now: 5)
        var reader = ResponsesUpstream().makeEventReader(context)
        var events: [InferenceEvent] = []
        let source =
            "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"hi\"}\n\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\"}}\n\n"
        try reader.feed(Array(source.utf8), parser: JSONParser(), into: &events)
        #expect(
            events == [
                .started(id: "", model: "asked", created: 5), .text(choice: 0, "hi"),
                .finished(choice: 0, .stop, stopSequence: nil), .ended,
            ])
    }
}
