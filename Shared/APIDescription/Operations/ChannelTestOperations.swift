import JSON

extension APIDescription {
    /// Contract admin-api §4.
    static let channelTests: [APIOperation] = []
}
