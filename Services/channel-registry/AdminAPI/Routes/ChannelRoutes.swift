import AdminHTTP
import Contracts
import HTTPCore
import JSON
import RegistryStore

/// Channels over HTTP (contract admin-api §3).
enum ChannelRoutes {
    static func typeMetas(_ call: AdminCall) async throws -> AdminAnswer {
        .data { writer in
            writer.object { writer in
                for type in ChannelType.all {
                    writer.key(String(type.id))
                    writer.typeMeta(type)
                }
            }
        }
    }

    /// Complete whatever `page` and `perPage` say: FastGPT sends them and expects everything.
    static func all(_ call: AdminCall) async throws -> AdminAnswer {
        let channels = try await call.stores.channels.all()
        return .data { $0.list(channels) { $0.channel($1) } }
    }

    /// The paged list, with and without a keyword.
    static func page(_ call: AdminCall) async throws -> AdminAnswer {
        let filter = ChannelFilter(
            id: try call.number("id") ?? 0, name: try call.filter("name"), key: try call.filter("key"),
            type: try call.number("channel_type") ?? 0, baseURL: try call.filter("base_url"),
            keyword: try call.filter("keyword").isEmpty ? try call.filter("search") : try call.filter("keyword"),
            order: call.query.text("order").flatMap { ListOrder($0) } ?? ListOrder(.id))
        let (channels, total) = try await call.stores.channels.page(filter, call.page)
        return .data { $0.page("channels", channels, total: total) { $0.channel($1) } }
    }

    static func create(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.channels.create(try ChannelBody.new(BodyFields(body: call.body)))
        return .done
    }

    static func createMany(_ call: AdminCall) async throws -> AdminAnswer {
        let elements = try BodyValue.array(try BodyValue.parse(call.body), of: "channels", at: "body")
        var channels: [NewChannel] = []
        for (index, element) in elements.enumerated() {
            let object = try BodyValue.object(element, at: "[\(index)]")
            channels += try ChannelBody.new(BodyFields(object, place: "[\(index)]."))
        }
        guard (1...BodyValue.maxElements).contains(channels.count) else {
            throw AdminFailure(
                .badRequest, "body: expected 1 to \(BodyValue.maxElements) channels, got \(channels.count)")
        }
        try await call.stores.channels.create(channels)
        return .done
    }

    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let channel = try await call.stores.channels.find(try call.id())
        let tests = try await call.stores.channels.tests(of: channel.id)
        return .data { $0.channel(channel, tests: tests) }
    }

    /// When the channel was last used is left out here (contract admin-api §3.1).
    static func update(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.id()
        let change = try ChannelBody.change(BodyFields(body: call.body))
        var channel = try await call.stores.channels.update(id, change)
        channel.accessedAt = nil
        let updated = channel
        return .data { $0.channel(updated) }
    }

    static func setStatus(_ call: AdminCall) async throws -> AdminAnswer {
        let id = try call.id()
        try await call.stores.channels.setStatus(id, try status(BodyFields(body: call.body)))
        return .done
    }

    static func delete(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.channels.delete(try call.id())
        return .done
    }

    static func deleteMany(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.channels.delete(try BodyValue.idList(call.body))
        return .done
    }

    static func setStatusOfMany(_ call: AdminCall) async throws -> AdminAnswer {
        let fields = try BodyFields(body: call.body)
        try await call.stores.channels.setStatus(try fields.ids("ids"), try status(fields))
        return .done
    }

    static func summaries(_ call: AdminCall) async throws -> AdminAnswer {
        let summaries = try await call.stores.channels.summaries(try BodyValue.idList(call.body))
        return .data { writer in
            writer.list(summaries) { writer, summary in
                writer.object { writer in
                    writer.field("id", summary.id)
                    writer.field("name", summary.name)
                    writer.field("type", summary.type)
                }
            }
        }
    }

    private static func status(_ fields: BodyFields) throws(AdminFailure) -> Int {
        guard let status = try fields.int("status", in: ChannelStatus.settable) else {
            throw fields.fault("status", "missing; expected 1 (enabled) or 2 (disabled)")
        }
        return status
    }
}
