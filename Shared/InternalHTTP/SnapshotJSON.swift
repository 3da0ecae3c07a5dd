package import Contracts
import JSON

/// The JSON of a snapshot, exactly as the synthesised `Codable` form of `Snapshot` has it, written and read by hand.
///
/// Foundation's coders take two seconds each way for 100 000 tokens; this takes a tenth.
package enum SnapshotJSON {
    /// A snapshot that size has about two million values; the bound only stops nonsense.
    private static let limits = JSONLimits(depth: 8, values: 50_000_000)

    /// Writes a snapshot.
    package static func encode(_ snapshot: Snapshot) -> [UInt8] {
        let rows = snapshot.channels.count * 512 + snapshot.tokens.count * 192 + snapshot.groups.count * 64
        var json = JSONWriter(reserving: 256 + rows)
        json.object { json in
            json.field("epoch", snapshot.epoch)
            json.field("revision", snapshot.revision)
            json.field("isWhole", snapshot.isWhole)
            json.rows("channels", snapshot.channels) { json, row in json.channel(row) }
            json.rows("removedChannels", snapshot.removedChannels) { json, id in json.int(id) }
            json.rows("tokens", snapshot.tokens) { json, row in json.token(row) }
            json.rows("removedTokens", snapshot.removedTokens) { json, id in json.int(id) }
            json.rows("groups", snapshot.groups) { json, row in json.group(row) }
            json.texts("removedGroups", snapshot.removedGroups)
            json.rows("modelConfigs", snapshot.modelConfigs) { json, row in json.modelConfig(row) }
            json.texts("removedModelConfigs", snapshot.removedModelConfigs)
            if let options = snapshot.options { json.mapping("options", options) }
            json.mapping("owners", snapshot.owners)
        }
        return json.bytes
    }

    /// Reads a snapshot. Unknown members are passed over; a missing one is an error, except those that came with later versions: files and registries may be
    /// older than we are.
    ///
    /// - Throws: what is wrong and where.
    package static func decode(_ bytes: [UInt8]) throws(SnapshotJSONError) -> Snapshot {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes, limits: limits)
        } catch {
            throw SnapshotJSONError(path: "", reason: "not JSON: \(error)")
        }
        var fields = try SnapshotFields(document, 0, "")
        return Snapshot(
            epoch: try fields.text("epoch"), revision: Int64(try fields.int("revision")),
            isWhole: try fields.flag("isWhole"), channels: try fields.rows("channels", Self.channel),
            removedChannels: try fields.rows("removedChannels", SnapshotFields.int),
            tokens: try fields.rows("tokens", Self.token),
            removedTokens: try fields.rows("removedTokens", SnapshotFields.int),
            groups: try fields.rows("groups", Self.group),
            removedGroups: try fields.rows("removedGroups", SnapshotFields.text),
            modelConfigs: fields.has("modelConfigs") ? try fields.rows("modelConfigs", Self.modelConfig) : [],
            removedModelConfigs: fields.has("removedModelConfigs")
                ? try fields.rows("removedModelConfigs", SnapshotFields.text) : [],
            options: fields.has("options") ? try fields.mapping("options") : nil,
            owners: fields.has("owners") ? try fields.mapping("owners") : [:])
    }

    private static func channel(
        _ document: JSONDocument, _ place: Int, _ path: String
    ) throws(SnapshotJSONError) -> SnapshotChannel {
        var fields = try SnapshotFields(document, place, path)
        return SnapshotChannel(
            id: try fields.int("id"), type: try fields.int("type"), name: try fields.text("name"),
            baseURL: try fields.text("baseURL"), sealedKey: try fields.text("sealedKey"),
            models: try fields.texts("models"), modelMapping: try fields.mapping("modelMapping"),
            status: try fields.int("status"), priority: try fields.int("priority"), sets: try fields.texts("sets"),
            proxyURL: try fields.text("proxyURL"), skipsTLSVerification: try fields.flag("skipsTLSVerification"),
            bansOnNoPermission: try fields.flag("bansOnNoPermission"),
            warnErrorRate: try fields.fraction("warnErrorRate"), maxErrorRate: try fields.fraction("maxErrorRate"),
            configs: try fields.text("configs"))
    }

    private static func token(
        _ document: JSONDocument, _ place: Int, _ path: String
    ) throws(SnapshotJSONError) -> SnapshotToken {
        var fields = try SnapshotFields(document, place, path)
        return SnapshotToken(
            id: try fields.int("id"), name: try fields.text("name"), group: try fields.text("group"),
            digest: try fields.text("digest"), status: try fields.int("status"), models: try fields.texts("models"),
            subnets: try fields.texts("subnets"))
    }

    private static func group(
        _ document: JSONDocument, _ place: Int, _ path: String
    ) throws(SnapshotJSONError) -> SnapshotGroup {
        var fields = try SnapshotFields(document, place, path)
        return SnapshotGroup(
            id: try fields.text("id"), status: try fields.int("status"),
            availableSets: try fields.texts("availableSets"))
    }

    private static func modelConfig(
        _ document: JSONDocument, _ place: Int, _ path: String
    ) throws(SnapshotJSONError) -> SnapshotModelConfig {
        var fields = try SnapshotFields(document, place, path)
        return SnapshotModelConfig(
            model: try fields.text("model"), type: try fields.int("type"), document: try fields.text("document"))
    }
}

/// What is wrong with the JSON of a snapshot. Never holds a value of it.
package struct SnapshotJSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where, as in `tokens[3].name`; empty for the whole.
    package let path: String
    /// What, in words.
    package let reason: String

    package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}

extension JSONWriter {
    fileprivate mutating func rows<Row>(_ name: String, _ rows: [Row], _ write: (inout JSONWriter, Row) -> Void) {
        key(name)
        array { json in
            for row in rows { write(&json, row) }
        }
    }

    fileprivate mutating func texts(_ name: String, _ texts: [String]) {
        rows(name, texts) { json, text in json.string(text) }
    }

    fileprivate mutating func mapping(_ name: String, _ pairs: [String: String]) {
        key(name)
        object { json in
            for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { json.field(key, value) }
        }
    }

    fileprivate mutating func modelConfig(_ row: SnapshotModelConfig) {
        object { json in
            json.field("model", row.model)
            json.field("type", row.type)
            json.field("document", row.document)
        }
    }

    fileprivate mutating func channel(_ row: SnapshotChannel) {
        object { json in
            json.field("id", row.id)
            json.field("type", row.type)
            json.field("name", row.name)
            json.field("baseURL", row.baseURL)
            json.field("sealedKey", row.sealedKey)
            json.texts("models", row.models)
            json.mapping("modelMapping", row.modelMapping)
            json.field("status", row.status)
            json.field("priority", row.priority)
            json.texts("sets", row.sets)
            json.field("proxyURL", row.proxyURL)
            json.field("skipsTLSVerification", row.skipsTLSVerification)
            json.field("bansOnNoPermission", row.bansOnNoPermission)
            json.field("warnErrorRate", row.warnErrorRate)
            json.field("maxErrorRate", row.maxErrorRate)
            json.field("configs", row.configs)
        }
    }

    fileprivate mutating func token(_ row: SnapshotToken) {
        object { json in
            json.field("id", row.id)
            json.field("name", row.name)
            json.field("group", row.group)
            json.field("digest", row.digest)
            json.field("status", row.status)
            json.texts("models", row.models)
            json.texts("subnets", row.subnets)
        }
    }

    fileprivate mutating func group(_ row: SnapshotGroup) {
        object { json in
            json.field("id", row.id)
            json.field("status", row.status)
            json.texts("availableSets", row.availableSets)
        }
    }
}
