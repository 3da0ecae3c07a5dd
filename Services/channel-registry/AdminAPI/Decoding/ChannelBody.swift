import AdminHTTP
import Contracts
import HTTPCore
import JSON
import RegistryStore
import Telemetry

/// Reads the body that creates or edits a channel (contract admin-api §3.2, fastgpt-client §4.3–4.4).
enum ChannelBody {
    private static let maxRate = 1e6
    private static let maxPriority = Int(Int32.max)

    /// The channels that one creating body stands for: one for each line of its key.
    static func new(_ fields: BodyFields) throws(AdminFailure) -> [NewChannel] {
        let change = try edit(fields)
        guard let type = change.type else {
            throw fields.fault("type", "missing; expected the number of a channel type")
        }
        let settings = ChannelSettings(
            type: type, name: change.name ?? "", baseURL: change.baseURL ?? "", proxyURL: change.proxyURL ?? "",
            models: change.models ?? [], modelMapping: change.modelMapping ?? "{}", priority: change.priority ?? 0,
            sets: change.sets ?? [], configs: change.configs ?? "", checksBalance: change.checksBalance ?? false,
            skipsTLSVerification: change.skipsTLSVerification ?? false,
            bansOnNoPermission: change.bansOnNoPermission ?? false, warnErrorRate: change.warnErrorRate ?? 0,
            maxErrorRate: change.maxErrorRate ?? 0)
        let status = try fields.int("status", in: ChannelStatus.stored) ?? 0
        let keys = KeyLines.split(try fields.string("key") ?? "")
        guard keys.count <= BodyValue.maxElements else {
            throw fields.fault("key", "more than \(BodyValue.maxElements) lines")
        }
        return keys.map { NewChannel(settings: settings, key: Redacted($0), status: status == 0 ? 1 : status) }
    }

    /// The members that the body names. `null` clears `model_mapping`, `configs`, `sets` and `proxy_url` and leaves the others as they are; an empty `name`
    /// and a `type` of 0 leave them too.
    ///
    /// `status` is not read: FastGPT sends back the one its form was opened with, which may be old by now. It has a route of its own.
    static func change(_ fields: BodyFields) throws(AdminFailure) -> ChannelChange {
        var change = try edit(fields)
        if change.name == "" { change.name = nil }
        _ = try fields.int("status", in: Int(Int32.min)...Int(Int32.max))
        if let text = try fields.string("key") {
            let keys = KeyLines.split(text)
            guard keys.count == 1 else {
                throw fields.fault(
                    "key", "expected one key, got \(keys.count) lines; several make several channels only on create")
            }
            change.key = Redacted(keys[0])
        }
        return change
    }

    private static func edit(_ fields: BodyFields) throws(AdminFailure) -> ChannelChange {
        var change = ChannelChange()
        change.type = try type(fields)
        change.name = try fields.string("name", limit: 64)
        change.baseURL = try address(fields, "base_url", limit: 128, AddressRule.httpFault)
        change.proxyURL =
            try address(fields, "proxy_url", limit: 255, AddressRule.proxyFault) ?? cleared(fields, "proxy_url", "")
        change.models = try fields.names("models")
        change.modelMapping = try fields.stringMap("model_mapping") ?? cleared(fields, "model_mapping", "{}")
        change.priority = try fields.int("priority", in: 0...maxPriority)
        change.sets = try fields.names("sets") ?? cleared(fields, "sets", [])
        change.configs = try fields.object("configs") ?? cleared(fields, "configs", "")
        change.checksBalance = try fields.bool("enabled_auto_balance_check")
        change.skipsTLSVerification = try fields.bool("skip_tls_verify")
        change.bansOnNoPermission = try fields.bool("enabled_no_permission_ban")
        change.warnErrorRate = try fields.double("warn_error_rate", upTo: maxRate)
        change.maxErrorRate = try fields.double("max_error_rate", upTo: maxRate)
        return change
    }

    /// The type; `nil` when it is not given or 0.
    private static func type(_ fields: BodyFields) throws(AdminFailure) -> Int? {
        guard let type = try fields.int("type", in: Int(Int32.min)...Int(Int32.max)), type != 0 else { return nil }
        guard ChannelType.find(type) != nil else { throw fields.fault("type", "invalid channel type: \(type)") }
        return type
    }

    private static func address(
        _ fields: BodyFields, _ name: String, limit: Int, _ fault: (String) -> String?
    ) throws(AdminFailure) -> String? {
        guard let text = try fields.string(name)?.trimmed else { return nil }
        guard text.unicodeScalars.count <= limit else { throw fields.fault(name, "longer than \(limit) characters") }
        if !text.isEmpty, let reason = fault(text) { throw fields.fault(name, reason) }
        return text
    }

    private static func cleared<Value>(_ fields: BodyFields, _ name: String, _ empty: Value) -> Value? {
        fields.value(name) == .null ? empty : nil
    }
}

/// The values of a channel's or token's status.
enum ChannelStatus {
    /// What a creating body may say; 0 acts as 1.
    static let stored = 0...3
    /// What can be set: enabled, disabled, disabled automatically.
    static let settable = 1...3
    /// The only one that is routed.
    static let enabled = 1
}
