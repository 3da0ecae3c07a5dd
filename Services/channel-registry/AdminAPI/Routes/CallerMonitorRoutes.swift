import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// The calls of groups and their tokens in the last minute, over HTTP (contract admin-api §12).
enum CallerMonitorRoutes {
    /// Those of the groups that are named, in the query as `groups=a,b`; one that did not call has zeros.
    static func groups(_ call: AdminCall) async throws -> AdminAnswer {
        let named = try call.filter("groups").split(separator: ",").map { String($0.trimmingBlanks) }
        let found = try await call.stores.health.callers(by: [.group], of: named)
        let rates = Dictionary(found.map { ($0.group, $0.rate) }) { first, _ in first }
        return .data { writer in
            writer.object { writer in
                writer.key("groups")
                writer.object { writer in
                    for group in Set(named).sorted() where !group.isEmpty {
                        writer.key(group)
                        writer.object { $0.traffic(rates[group] ?? TrafficRate()) }
                    }
                }
            }
        }
    }

    static func tokens(_ call: AdminCall) async throws -> AdminAnswer {
        try await rates(call, by: .token, "tokens", \.token)
    }

    static func models(_ call: AdminCall) async throws -> AdminAnswer {
        try await rates(call, by: .model, "models", \.model)
    }

    static func tokenModels(_ call: AdminCall) async throws -> AdminAnswer {
        let found = try await call.stores.health.callers(
            by: [.group, .token, .model], of: [try call.parameter("group")])
        return .data { writer in
            writer.items(found) { writer, caller in
                writer.field("group", caller.group)
                writer.field("token_name", caller.token)
                writer.field("model", caller.model)
                writer.traffic(caller.rate)
            }
        }
    }

    /// The named tokens in their order, each once; one that did not call has zeros.
    static func manyTokens(_ call: AdminCall) async throws -> AdminAnswer {
        let fields = try BodyFields(body: call.body)
        var asked: [CallerToken] = []
        if let items = fields.value("items"), !items.isNull {
            for (index, item) in try BodyValue.array(items, of: "objects", at: "items").enumerated() {
                let place = "items[\(index)]"
                let item = BodyFields(try BodyValue.object(item, at: place), place: place + ".")
                let token = CallerToken(
                    group: try item.string("group") ?? "", name: try item.string("token_name") ?? "")
                if !token.group.isEmpty, !token.name.isEmpty { asked.append(token) }
            }
        }
        var seen: Set<CallerToken> = []
        let tokens = asked.filter { seen.insert($0).inserted }
        let found = try await call.stores.health.callers(
            by: [.group, .token], of: Set(tokens.map(\.group)).sorted(), tokens: tokens)
        let rates = Dictionary(found.map { (CallerToken(group: $0.group, name: $0.token), $0.rate) }) { first, _ in
            first
        }
        return .data { writer in
            writer.items(tokens) { writer, token in
                writer.field("group", token.group)
                writer.field("token_name", token.name)
                writer.traffic(rates[token] ?? TrafficRate())
            }
        }
    }

    private static func rates(
        _ call: AdminCall, by part: HealthStore.CallerPart, _ name: String,
        _ key: @escaping @Sendable (CallerHealth) -> String
    ) async throws -> AdminAnswer {
        let found = try await call.stores.health.callers(by: [part], of: [try call.parameter("group")])
        return .data { writer in
            writer.object { writer in
                writer.key(name)
                writer.object { writer in
                    for caller in found {
                        writer.key(key(caller))
                        writer.object { $0.traffic(caller.rate) }
                    }
                }
            }
        }
    }
}

extension Substring {
    /// Without blanks at its ends.
    fileprivate var trimmingBlanks: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension JSONWriter {
    /// `{"items":[{…}]}`
    fileprivate mutating func items<Item>(_ items: [Item], _ write: (inout JSONWriter, Item) -> Void) {
        object { writer in
            writer.key("items")
            writer.list(items) { writer, item in writer.object { write(&$0, item) } }
        }
    }
}
