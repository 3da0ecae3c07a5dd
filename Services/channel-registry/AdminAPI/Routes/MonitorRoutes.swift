import AdminHTTP
import HTTPCore
import JSON
import ModelCatalogue
import RegistryStore

/// What the gateways saw of channels and callers in the last minutes, over HTTP (contract admin-api §12).
enum MonitorRoutes {
    /// The error rates of every model on every channel.
    static func rates(_ call: AdminCall) async throws -> AdminAnswer {
        let channels = Dictionary(grouping: try await call.stores.health.channels(), by: \.channel)
        return .data { writer in
            writer.members(channels.map { ("\($0)", $1) }) { writer, models in
                writer.members(models.map { ($0.model, $0) }) { $0.rate($1.requests, $1.errors) }
            }
        }
    }

    /// The error rates of models over all channels.
    static func modelRates(_ call: AdminCall) async throws -> AdminAnswer {
        let models = Dictionary(grouping: try await call.stores.health.channels(), by: \.model)
        return .data { writer in
            writer.members(models.map { ($0, HealthSum($1)) }) { $0.rate($1.requests, $1.errors) }
        }
    }

    /// The error rates of the models on one channel.
    static func channelRates(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try channel(call)
        let models = try await call.stores.health.channels().filter { $0.channel == id }
        return .data { writer in
            writer.members(models.map { ($0.model, $0) }) { $0.rate($1.requests, $1.errors) }
        }
    }

    static func banned(_ call: AdminCall) async throws -> AdminAnswer {
        let bans = try await call.stores.health.channels().filter(\.isBanned)
        return .data { writer in
            let models = Dictionary(grouping: bans, by: \.model)
            writer.members(models.map { ($0, $1) }) { writer, bans in
                writer.list(bans) { $0.int($1.channel) }
            }
        }
    }

    static func clearAll(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.health.clear()
        return .done
    }

    static func clearChannel(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.health.clear(channel: try channel(call))
        return .done
    }

    static func clearModel(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.health.clear(channel: try channel(call), model: try call.parameter("model"))
        return .done
    }

    static func runtime(_ call: AdminCall) async throws -> AdminAnswer {
        let rows = try await call.stores.health.channels()
        let defaults = ChannelDefaults(options: try await call.stores.options.inForce())
        var sets: [String: Set<String>] = [:]
        for channel in try await call.stores.channels.enabled(defaults) {
            for model in channel.models { sets[model, default: []].formUnion(channel.sets) }
        }
        let accessible = sets
        return .data { writer in
            writer.object { writer in
                writer.key("models")
                let models = Dictionary(grouping: rows, by: \.model)
                writer.members(models.map { ($0, $1) }) { writer, rows in
                    writer.modelHealth(rows, sets: accessible[rows[0].model])
                }
                writer.key("channels")
                let channels = Dictionary(grouping: rows, by: \.channel)
                writer.members(channels.map { ("\($0)", $1) }) { $0.channelHealth($1) }
                writer.key("channel_models")
                writer.members(channels.map { ("\($0)", $1) }) { writer, rows in
                    writer.members(rows.map { ($0.model, $0) }) { writer, row in
                        writer.object { writer in
                            writer.healthSum(HealthSum([row]))
                            writer.field("banned", row.isBanned)
                        }
                    }
                }
            }
        }
    }

    private static func channel(_ call: AdminCall) throws(AdminFailure) -> Int {
        guard let id = Int(try call.parameter("id")) else { throw AdminFailure(.badRequest, "Invalid channel ID") }
        return id
    }
}

/// The sum over some models on some channels.
private struct HealthSum {
    var rate = TrafficRate()
    var requests = 0
    var errors = 0
    var bans = 0

    init(_ rows: [ChannelHealth]) {
        for row in rows {
            rate = rate + row.rate
            requests += row.requests
            errors += row.errors
            if row.isBanned { bans += 1 }
        }
    }
}

extension JSONWriter {
    /// An object, its members sorted by their names.
    fileprivate mutating func members<Value>(
        _ members: [(String, Value)], _ write: (inout JSONWriter, Value) -> Void
    ) {
        object { writer in
            for (name, value) in members.sorted(by: { NaturalOrder.precedes($0.0, $1.0) }) {
                writer.key(name)
                write(&writer, value)
            }
        }
    }

    /// An error rate: 0 below ten attempts.
    fileprivate mutating func rate(_ requests: Int, _ errors: Int) {
        raw(BodyValue.text(requests < 10 ? 0 : Double(errors) / Double(requests)).utf8)
    }

    fileprivate mutating func healthSum(_ sum: HealthSum) {
        traffic(sum.rate)
        field("requests", sum.requests)
        field("errors", sum.errors)
        let rate = sum.requests == 0 ? 0 : Double(sum.errors) / Double(sum.requests)
        field("error_rate", raw: BodyValue.text(rate).utf8)
    }

    /// A model over its channels; inside a channel its lists are null.
    fileprivate mutating func modelHealth(_ rows: [ChannelHealth], sets: Set<String>? = nil, isInner: Bool = false) {
        object { writer in
            let sum = HealthSum(rows)
            writer.healthSum(sum)
            writer.field("banned_channels", sum.bans)
            writer.key("channels")
            if isInner {
                writer.null()
            } else {
                writer.members(rows.map { ("\($0.channel)", $0) }) { $0.channelHealth([$1], isInner: true) }
            }
            writer.key("accessible_sets")
            if let sets { writer.list(sets.sorted()) { $0.string($1) } } else { writer.null() }
            writer.field("accessible_groups", sets?.count ?? 0)
        }
    }

    /// A channel over its models; inside a model its list is null.
    fileprivate mutating func channelHealth(_ rows: [ChannelHealth], isInner: Bool = false) {
        object { writer in
            let sum = HealthSum(rows)
            writer.healthSum(sum)
            writer.field("banned_models", sum.bans)
            writer.key("models")
            if isInner {
                writer.null()
            } else {
                writer.members(rows.map { ($0.model, $0) }) { $0.modelHealth([$1], isInner: true) }
            }
        }
    }

    /// Members of a rate (contract admin-api §12).
    mutating func traffic(_ rate: TrafficRate) {
        field("rpm", rate.rpm)
        field("tpm", rate.tpm)
        field("rps", rate.rps)
        field("tps", rate.tps)
    }
}
