/// What came of sending one small call to one model of one channel (contract admin-api §4.2).
package struct ChannelTest: Codable, Sendable, Equatable {
    /// When the test began, in Unix microseconds.
    package var testedAt: Int64
    /// The name that a caller would ask for.
    package var model: String
    /// The name that the vendor was asked for.
    package var actualModel: String
    /// A number of `RelayMode`: how the model was called.
    package var mode: Int
    /// Whether the vendor answered as it should.
    package var isSuccess: Bool
    /// The status that a caller would have got.
    package var code: Int
    /// The text of the answer, or of the error in OpenAI's form; may be left out of a success.
    package var response: String
    /// In microseconds.
    package var took: Int64
    /// 0 for a channel that is not saved.
    package var channel: Int
    /// A number of `ChannelType`.
    package var channelType: Int
    package var channelName: String

    package init(
        testedAt: Int64, model: String, actualModel: String, mode: Int, isSuccess: Bool, code: Int, response: String,
        took: Int64, channel: Int, channelType: Int, channelName: String
    ) {
        self.testedAt = testedAt
        self.model = model
        self.actualModel = actualModel
        self.mode = mode
        self.isSuccess = isSuccess
        self.code = code
        self.response = response
        self.took = took
        self.channel = channel
        self.channelType = channelType
        self.channelName = channelName
    }
}

/// Results that a gateway hands to the registry, which keeps the newest of each channel and model.
package struct ChannelTestBatch: Codable, Sendable, Equatable {
    /// At most `maxTests`.
    package var tests: [ChannelTest]
    /// Channels of which every model was tested in one run, none with a failure; their mark of the last failed test goes.
    package var faultless: [Int]

    /// No batch holds more results than this, and no more channels.
    package static let maxTests = 64
    /// The longest `response` that is kept, in bytes of UTF-8.
    package static let maxResponseBytes = 8 * 1024

    package init(tests: [ChannelTest], faultless: [Int] = []) {
        self.tests = tests
        self.faultless = faultless
    }
}

/// The registry's answer to a batch.
package struct ChannelTestAck: Codable, Sendable, Equatable {
    /// How many results were kept; those of deleted channels and those older than what is there are not.
    package var stored: Int

    package init(stored: Int) {
        self.stored = stored
    }
}

extension Endpoint where Input == ChannelTestBatch, Output == ChannelTestAck {
    /// Takes results of channel tests.
    package static var channelTests: Self { Self(method: .post, path: "/internal/v1/channel-tests") }
}
