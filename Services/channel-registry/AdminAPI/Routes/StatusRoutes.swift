import JSON

/// What anybody may ask.
enum StatusRoutes {
    /// The health check of FastGPT's compose file.
    static func status(_ call: AdminCall) async throws -> AdminAnswer {
        .data { $0.object { $0.field("startTime", call.stores.startedAt) } }
    }
}
