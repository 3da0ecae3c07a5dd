import JSON

extension APIDescription {
    /// Contract admin-api §12.
    static let monitor: [APIOperation] = []
}
