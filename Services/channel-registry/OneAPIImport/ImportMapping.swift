import Contracts
import Crypto
import JSON
import RegistryStore
import Telemetry

/// What becomes of one row of One API.
struct MappedRow: Sendable {
    /// One key of the row: a channel of ours.
    struct Part: Sendable {
        let channel: NewChannel
        /// What stands for the key as One API has it, so that the same one is known again.
        let mark: String
    }

    /// The number there; 0 when it has none.
    let id: Int
    let name: String
    /// The channels to make; empty when the row cannot be mapped.
    var parts: [Part] = []
    /// The marks of all its keys, those that cannot be used as well.
    var marks: Set<String> = []
    /// What was changed on the way.
    var changes: [String] = []
    /// What of the row cannot be taken over at all.
    var losses: [String] = []
}

/// Turns rows of One API into channels of ours. Pure.
struct ImportMapping: Sendable {
    /// The source, for the marks of keys.
    let source: String

    /// The most keys of one row; the others are left out and named.
    static let mostKeys = 1000
    private static let longestName = 64
    private static let longestBase = 128
    private static let longestProxy = 255
    private static let mostPriority = 1_000_000

    /// Maps one row; whatever the row holds, the answer says what became of it.
    func map(_ row: OneAPIRow) -> MappedRow {
        let name = row.text(.name)
        var mapped = MappedRow(id: row.int(.id) ?? 0, name: name.text)
        guard row.int(.id) != nil else { return refused(mapped, "its id is not a number") }
        guard let number = row.int(.type), let type = OneAPIType.find(number) else {
            return refused(mapped, "One API's channel type \(row.text(.type).text.prefix(20)) is not known")
        }
        guard let ours = type.ours.flatMap({ ChannelType.find($0) }) else {
            return refused(mapped, "channels of type \(type.name) cannot be imported: \(type.refusal)")
        }
        for column in [OneAPIColumn.key, .models, .modelMapping, .config, .group] where row.text(column).isCut {
            return refused(mapped, "its \(column.rawValue) is longer than \(OneAPIRow.longestValue) characters")
        }
        if row.text(.key).isRepaired {
            return refused(mapped, "its key holds bytes that are not text (invalid UTF-8 or NUL)")
        }
        var settings = ChannelSettings(type: ours.id, name: shortName(name, &mapped))
        let base = baseURL(row, type, &mapped)
        if let fault = base.fault { return refused(mapped, "its base_url cannot be used: \(fault)") }
        settings.baseURL = base.address
        settings.models = list(row, .models, &mapped)
        settings.modelMapping = modelMapping(row, &mapped)
        settings.priority = priority(row, &mapped)
        settings.sets = sets(row, &mapped)
        var status = status(row, &mapped)
        if settings.baseURL.isEmpty, type.needsBase || ours.requiresBaseURL {
            disable(&status, "it has no base_url, and its type has no default", &mapped)
        }
        settings.proxyURL = proxy(row, &status, &mapped)
        let config = config(row, &mapped)
        leftOut(row, type, config, &mapped)
        makeParts(row, type, ours, config, settings, status, &mapped)
        return mapped
    }

    private func refused(_ row: MappedRow, _ reason: String) -> MappedRow {
        var row = row
        row.losses = [reason]
        row.changes = []
        return row
    }

    private func disable(_ status: inout Int, _ reason: String, _ mapped: inout MappedRow) {
        mapped.changes.append(status == 1 ? "it was disabled: \(reason)" : reason)
        status = 2
    }

    // MARK: Keys

    private func makeParts(
        _ row: OneAPIRow, _ type: OneAPIType, _ ours: ChannelType, _ config: OneAPIConfig,
        _ settings: ChannelSettings, _ status: Int, _ mapped: inout MappedRow
    ) {
        let lines = KeyLines.split(row.text(.key).text)
        let conversion = KeyConversion(form: type.key, config: config)
        for (index, line) in lines.enumerated() {
            let place = lines.count > 1 ? "key \(index + 1) of \(lines.count): " : ""
            guard index < Self.mostKeys else {
                mapped.losses.append("it has \(lines.count) keys; the first \(Self.mostKeys) were looked at")
                break
            }
            let mark = mark(of: line, row: mapped.id)
            guard mapped.marks.insert(mark).inserted else {
                mapped.changes.append("\(place)left out, it is there twice")
                continue
            }
            var key = line
            var status = status
            switch conversion.convert(line) {
            case .needsNew(let reason):
                key = ""
                disable(&status, "\(place)\(reason)", &mapped)
            case .key(let converted, let change):
                key = converted
                if let change { mapped.changes.append("\(place)\(change)") }
                if let fault = ours.keyFault(key) {
                    let help = ours.keyHelp.isEmpty ? "" : " (\(ours.keyHelp))"
                    mapped.losses.append("\(place)the key does not fit the type \(ours.name): \(fault)\(help)")
                    continue
                }
            }
            mapped.parts.append(
                MappedRow.Part(channel: NewChannel(settings: settings, key: Redacted(key), status: status), mark: mark))
        }
        if mapped.parts.count > 1 { mapped.changes.append("its \(mapped.parts.count) keys became a channel each") }
    }

    /// Salted with source and row and cut, so that it tells nobody whether two channels have the same key.
    private func mark(of key: String, row: Int) -> String {
        String(SHA256.hex("\(source)\0\(row)\0\(key)").prefix(16))
    }

    // MARK: Values

    private func shortName(_ name: OneAPIRow.Text, _ mapped: inout MappedRow) -> String {
        if name.isRepaired { mapped.changes.append("bytes of its name that are not text were replaced") }
        let scalars = name.text.unicodeScalars
        guard scalars.count > Self.longestName else { return name.text }
        mapped.changes.append("its name was cut to \(Self.longestName) characters")
        return String(String.UnicodeScalarView(scalars.prefix(Self.longestName)))
    }

    /// One API joins a base address and the caller's path, which begins with `/v1`; here the address holds the version.
    private func baseURL(
        _ row: OneAPIRow, _ type: OneAPIType, _ mapped: inout MappedRow
    ) -> (address: String, fault: String?) {
        let stored = row.text(.baseURL)
        if stored.isRepaired { return ("", "it holds bytes that are not text") }
        var address = stored.text.trimmed
        while address.hasSuffix("/") { address.removeLast() }
        if address.isEmpty {
            guard !type.keepsBase.isEmpty else { return ("", nil) }
            mapped.changes.append("its base_url, which was \(type.name)'s default, was written out")
            return (type.keepsBase + type.append, nil)
        }
        if let dropped = Self.droppedBase(address, type) {
            mapped.changes.append("its base_url was left out: \(dropped)")
            return ("", nil)
        }
        if !type.append.isEmpty, !address.hasSuffix(type.append), !Self.isCloudflareGateway(address) {
            address += type.append
            mapped.changes.append("its base_url got \(type.append) at its end")
        }
        guard address.unicodeScalars.count <= Self.longestBase else {
            return ("", "longer than \(Self.longestBase) characters")
        }
        return (address, AddressRule.httpFault(address))
    }

    /// Why an address of One API's own protocol has no meaning here; `nil` when it has one.
    private static func droppedBase(_ address: String, _ type: OneAPIType) -> String? {
        switch type.id {
        case OneAPIType.Number.xunfei: "it is of the retired WebSocket API"
        case OneAPIType.Number.tencent where address.lowercased().contains("//hunyuan.tencentcloudapi.com"):
            "it is of Tencent's signed API"
        default: nil
        }
    }

    /// One API itself adds no version there.
    private static func isCloudflareGateway(_ address: String) -> Bool {
        address.hasPrefix("https://gateway.ai.cloudflare.com")
    }

    private func list(_ row: OneAPIRow, _ column: OneAPIColumn, _ mapped: inout MappedRow) -> [String] {
        let stored = row.text(column)
        if stored.isRepaired {
            mapped.changes.append("bytes of its \(column.rawValue) that are not text were replaced")
        }
        var seen: Set<String> = []
        return stored.text.split(separator: ",").map { String($0).trimmed }
            .filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    private func modelMapping(_ row: OneAPIRow, _ mapped: inout MappedRow) -> String {
        let stored = row.text(.modelMapping)
        let text = stored.text.trimmed
        guard !text.isEmpty, text != "null" else { return "{}" }
        guard !stored.isRepaired, let members = (try? JSONValue.parse(Array(text.utf8)))?.object else {
            mapped.changes.append("its model_mapping was left out: it is not a JSON object")
            return "{}"
        }
        var kept = JSONObject()
        for member in members.members {
            guard let target = member.value.string, !(member.key + target).utf8.contains(0) else { continue }
            kept[member.key] = .string(target)
        }
        if kept.count < members.count {
            mapped.changes.append("\(members.count - kept.count) entries of its model_mapping were left out: not text")
        }
        return String(decoding: JSONValue.object(kept).serialized(), as: UTF8.self)
    }

    /// Our priority is the routing weight; One API's own weight has no effect there, but its forks use it.
    private func priority(_ row: OneAPIRow, _ mapped: inout MappedRow) -> Int {
        let weight = row.int(.weight) ?? 0
        let stored = row.int(.priority) ?? 0
        if stored == 0, weight > 0 {
            mapped.changes.append("its weight \(weight) became its priority, which is the routing weight here")
            return min(weight, Self.mostPriority)
        }
        if weight > 0 { mapped.changes.append("its weight \(weight) was left out: its priority is the weight here") }
        let priority = stored < 0 ? 1 : min(stored, Self.mostPriority)
        if priority != stored { mapped.changes.append("its priority \(stored) became \(priority)") }
        return priority
    }

    private func sets(_ row: OneAPIRow, _ mapped: inout MappedRow) -> [String] {
        let sets = list(row, .group, &mapped)
        if sets.contains(where: { $0 != "default" }) {
            mapped.changes.append("its user groups became channel sets; a group here reaches the sets it names")
        }
        return sets
    }

    private func status(_ row: OneAPIRow, _ mapped: inout MappedRow) -> Int {
        let status = row.int(.status)
        switch status {
        case 1, 2: break
        case 3: mapped.changes.append("One API's monitor had disabled it; it is disabled here")
        default: mapped.changes.append("its status is not known; it is disabled here")
        }
        return status == 1 ? 1 : 2
    }

    private func proxy(_ row: OneAPIRow, _ status: inout Int, _ mapped: inout MappedRow) -> String {
        let stored = row.text(.proxyURL)
        let address = stored.text.trimmed
        guard !address.isEmpty else { return "" }
        let isLong = address.unicodeScalars.count > Self.longestProxy
        guard isLong || stored.isRepaired || AddressRule.proxyFault(address) != nil else { return address }
        disable(&status, "its proxy_url is no address of a proxy", &mapped)
        return ""
    }

    private func config(_ row: OneAPIRow, _ mapped: inout MappedRow) -> OneAPIConfig {
        let other = row.text(.other).text.trimmed
        var config = OneAPIConfig()
        let text = row.text(.config).text.trimmed
        if !text.isEmpty, text != "null" {
            if let members = (try? JSONValue.parse(Array(text.utf8)))?.object {
                func word(_ name: String) -> String { members[name]?.string?.trimmed ?? "" }
                config.region = word("region")
                config.accessKey = word("ak")
                config.secretKey = word("sk")
                config.userID = word("user_id")
                config.apiVersion = word("api_version")
                config.plugin = word("plugin")
                config.serviceAccount = word("vertex_ai_adc")
            } else {
                mapped.changes.append("its config was left out: it is not a JSON object")
            }
        }
        if config.apiVersion.isEmpty { config.apiVersion = other }
        if config.plugin.isEmpty { config.plugin = other }
        return config
    }

    /// Says what has no place here.
    private func leftOut(
        _ row: OneAPIRow, _ type: OneAPIType, _ config: OneAPIConfig, _ mapped: inout MappedRow
    ) {
        if !row.text(.systemPrompt).text.trimmed.isEmpty {
            mapped.changes.append("its system prompt was left out: there is none for a channel here")
        }
        switch type.id {
        case OneAPIType.Number.ali where !config.plugin.isEmpty:
            mapped.changes.append("its plugin was left out")
        case OneAPIType.Number.gemini where !["", "v1beta"].contains(config.apiVersion),
            OneAPIType.Number.xunfei where !config.apiVersion.isEmpty:
            mapped.changes.append("its API version was left out")
        default: break
        }
    }
}
