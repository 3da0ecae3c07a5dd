import AdminHTTP
import Contracts
import JSON
import Postgres
import RegistryStore

// How stored values look on the wire (contract admin-api §13): key order as in its examples, empty members left out where it says so.

extension JSONWriter {
    /// A channel (§13.1). Its key is in clear: FastGPT shows it in the form and sends it back with every edit.
    ///
    /// Where one channel is asked for, it comes with the results of its tests; lists are without them, as FastGPT knows them.
    mutating func channel(_ channel: Channel, tests: [ChannelTest]? = nil) {
        let settings = channel.settings
        object { writer in
            writer.field("id", channel.id)
            writer.field("type", settings.type)
            writer.field("name", settings.name)
            writer.field("key", channel.key.shown)
            writer.field("base_url", settings.baseURL)
            writer.field("proxy_url", settings.proxyURL)
            writer.strings("models", settings.models)
            writer.field("model_mapping", raw: settings.modelMapping.utf8)
            writer.field("status", channel.status)
            writer.field("priority", settings.priority)
            writer.field("balance", raw: channel.balance.utf8)
            writer.field("balance_threshold", raw: channel.balanceThreshold.utf8)
            writer.field("used_amount", raw: channel.usedAmount.utf8)
            writer.field("request_count", channel.requestCount)
            writer.field("retry_count", channel.retryCount)
            writer.field("enabled_auto_balance_check", settings.checksBalance)
            writer.field("skip_tls_verify", settings.skipsTLSVerification)
            writer.field("enabled_no_permission_ban", settings.bansOnNoPermission)
            writer.decimal("warn_error_rate", settings.warnErrorRate)
            writer.decimal("max_error_rate", settings.maxErrorRate)
            if !settings.sets.isEmpty { writer.strings("sets", settings.sets) }
            if !settings.configs.isEmpty { writer.field("configs", raw: settings.configs.utf8) }
            writer.milliseconds("created_at", channel.createdAt)
            writer.milliseconds("balance_updated_at", channel.balanceUpdatedAt)
            writer.milliseconds("last_test_error_at", channel.lastTestErrorAt)
            writer.field("accessed_at", channel.accessedAt.map(\.milliseconds))
            guard let tests else { return }
            writer.key("channel_tests")
            writer.list(tests) { $0.channelTest($1) }
        }
    }

    /// A token (§13.3); its key is in clear.
    mutating func token(_ token: Token) {
        object { writer in
            writer.field("id", token.id)
            writer.field("key", token.key.shown)
            writer.field("name", token.name)
            writer.field("group", token.group)
            writer.strings("subnets", token.subnets)
            writer.strings("models", token.models)
            writer.field("status", token.status)
            writer.field("used_amount", raw: token.usedAmount.utf8)
            writer.field("request_count", token.requestCount)
            writer.decimal("quota", token.quota)
            writer.decimal("period_quota", token.periodQuota)
            writer.field("period_type", token.periodType.rawValue)
            writer.milliseconds("period_last_update_time", token.periodLastUpdateTime)
            writer.field("period_last_update_amount", raw: token.periodLastUpdateAmount.utf8)
            writer.milliseconds("created_at", token.createdAt)
            writer.field("accessed_at", token.accessedAt.map(\.milliseconds) ?? 0)
        }
    }

    /// A group (§13.4).
    mutating func group(_ group: TenantGroup) {
        object { writer in
            writer.field("id", group.id)
            writer.field("status", group.status)
            if group.rpmRatio != 0 { writer.decimal("rpm_ratio", group.rpmRatio) }
            if group.tpmRatio != 0 { writer.decimal("tpm_ratio", group.tpmRatio) }
            writer.field("used_amount", raw: group.usedAmount.utf8)
            writer.field("request_count", group.requestCount)
            if !group.availableSets.isEmpty { writer.strings("available_sets", group.availableSets) }
            writer.field("balance_alert_enabled", group.alertsOnBalance)
            writer.decimal("balance_alert_threshold", group.balanceAlertThreshold)
            writer.milliseconds("created_at", group.createdAt)
            writer.field("accessed_at", group.accessedAt.map(\.milliseconds))
        }
    }

    /// What a group has of its own for a model (§13.5).
    mutating func groupModelConfig(_ config: GroupModelConfig, of group: String) {
        object { writer in
            writer.field("group_id", group)
            writer.field("model", config.model)
            for field in GroupModelField.all {
                switch config[field] {
                case .flag(let flag): writer.field(field.name, flag)
                case .number(let number): writer.field(field.name, number)
                case .json(let text): writer.field(field.name, raw: text.utf8)
                }
            }
        }
    }

    /// What `type_metas` says of one type (§14.2).
    mutating func typeMeta(_ type: ChannelType) {
        object { writer in
            writer.field("name", type.name)
            writer.field("keyHelp", type.keyHelp)
            writer.field("defaultBaseUrl", type.defaultBaseURL)
            writer.field("readme", type.notes.joined(separator: "\n"))
            guard !type.configFields.isEmpty else { return }
            writer.key("configSchema")
            writer.configSchema(type)
        }
    }

    private mutating func configSchema(_ type: ChannelType) {
        object { writer in
            writer.field("type", "object")
            writer.field("title", type.displayName)
            writer.key("properties")
            writer.object { writer in
                for field in type.configFields {
                    writer.key(field.key)
                    writer.object { writer in
                        writer.field("type", field.kind.rawValue)
                        writer.field("title", field.key)
                        writer.field("description", field.help)
                        if !field.choices.isEmpty { writer.strings("enum", field.choices) }
                        if field.kind == .array { writer.field("items", raw: #"{"type":"string"}"#.utf8) }
                    }
                }
            }
        }
    }

    /// A page of a list (§1.5).
    mutating func page<Element>(
        _ name: String, _ elements: [Element], total: Int, _ write: (inout JSONWriter, Element) -> Void
    ) {
        object { writer in
            writer.key(name)
            writer.list(elements, write)
            writer.field("total", total)
        }
    }

    /// An array.
    mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        array { writer in
            for element in elements { write(&writer, element) }
        }
    }

    private mutating func strings(_ name: String, _ texts: [String]) {
        key(name)
        list(texts) { $0.string($1) }
    }

    private mutating func decimal(_ name: String, _ number: Double) {
        field(name, raw: BodyValue.text(number).utf8)
    }

    /// A time in milliseconds; "never" is the first moment of the year 1 (§1.4).
    private mutating func milliseconds(_ name: String, _ time: Timestamp?) {
        field(name, time?.milliseconds ?? -62_135_596_800_000)
    }
}

extension Timestamp {
    /// Milliseconds since 1970.
    var milliseconds: Int64 { microseconds / 1000 }
}
