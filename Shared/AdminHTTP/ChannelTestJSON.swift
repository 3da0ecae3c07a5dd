package import Contracts
package import JSON

extension JSONWriter {
    /// A result of a channel test in the form of the contract (admin-api §4.2); the gateway answers it, the registry shows it again.
    package mutating func channelTest(_ test: ChannelTest) {
        object { writer in
            writer.field("test_at", test.testedAt / 1000)
            writer.field("model", test.model)
            writer.field("actual_model", test.actualModel)
            writer.field("response", test.response)
            writer.field("channel_name", test.channelName)
            writer.field("channel_type", test.channelType)
            writer.field("channel_id", test.channel)
            // Seconds.
            writer.field("took", Double(test.took) / 1_000_000)
            writer.field("success", test.isSuccess)
            writer.field("mode", test.mode)
            writer.field("code", test.code)
        }
    }
}
