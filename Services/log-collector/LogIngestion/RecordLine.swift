import Contracts
import JSON

/// Why a line of a shipment is no call record.
enum RecordLineFault: Error, Equatable, Sendable {
    /// The line is not JSON, or not an object.
    case json(String)
    /// A field that every record has is missing or of another type.
    case field(String)
    /// A time before 1970 or after the year 9999, which no clock shows.
    case time(String)

    var description: String {
        switch self {
        case .json(let message): message
        case .field(let name): "\(name) is missing or of another type"
        case .time(let name): "\(name) is no time that a clock shows"
        }
    }
}

/// Reads one line of a shipment: a `CallRecord` with the keys of its `Codable` form.
///
/// Five fields make a record. The others have defaults, and what they hold of another type counts as absent: a newer gateway may write
/// them differently, and a record with a gap is worth more than none.
struct RecordLine {
    private static let times: ClosedRange<Int64> = 0...253_402_300_799_999_999

    private let parser = JSONParser(limits: JSONLimits(depth: 32, values: 100_000))

    /// Reads the line that stands at `range`. Bytes that are not UTF-8 are replaced, so that a hostile byte never loses a record.
    func record(in bytes: [UInt8], at range: Range<Int>) throws(RecordLineFault) -> CallRecord {
        try record(tree(bytes, range))
    }

    private func tree(_ bytes: [UInt8], _ range: Range<Int>) throws(RecordLineFault) -> JSONValue {
        do throws(JSONError) {
            return try parser.parse(bytes, in: range)
        } catch {
            let repaired = Array(String(decoding: bytes[range], as: UTF8.self).utf8)
            guard repaired != Array(bytes[range]), let value = try? parser.parse(repaired) else {
                throw .json(error.message)
            }
            return value
        }
    }

    private func record(_ value: JSONValue) throws(RecordLineFault) -> CallRecord {
        guard let object = value.object else { throw .json("the line is no object") }
        var record = CallRecord(
            requestID: "", requestAt: -1, finishedAt: -1, model: "", mode: .unknown, code: 0,
            outcome: .completed, endpoint: "", ip: "")
        var required: Set<Required> = []
        var outcome: CallOutcome?
        for member in object.members {
            if let key = Required(rawValue: member.key) {
                if read(member.value, as: key, into: &record) { required.insert(key) }
            } else if member.key == "outcome" {
                outcome = member.value.string.flatMap(CallOutcome.init(rawValue:))
            } else {
                read(member, into: &record)
            }
        }
        for key in Required.allCases where !required.contains(key) { throw .field(key.rawValue) }
        if !Self.times.contains(record.requestAt) { throw .time("requestAt") }
        if !Self.times.contains(record.finishedAt) { throw .time("finishedAt") }
        if let retryAt = record.retryAt, !Self.times.contains(retryAt) { record.retryAt = nil }
        record.outcome = outcome ?? (record.code == 200 ? .completed : .failed)
        return record
    }

    private enum Required: String, CaseIterable {
        case requestID, requestAt, finishedAt, model, code
    }

    private func read(_ value: JSONValue, as key: Required, into record: inout CallRecord) -> Bool {
        switch (key, value.string, value.int) {
        case (.requestID, let text?, _): record.requestID = text
        case (.model, let text?, _): record.model = text
        case (.requestAt, _, let number?): record.requestAt = Int64(number)
        case (.finishedAt, _, let number?): record.finishedAt = Int64(number)
        case (.code, _, let number?): record.code = number
        default: return false
        }
        return true
    }

    private func read(_ member: JSONObject.Member, into record: inout CallRecord) {
        let value = member.value
        switch member.key {
        case "firstByteMicroseconds": record.firstByteMicroseconds = value.int.map(Int64.init)
        case "retryAt": record.retryAt = value.int.map(Int64.init)
        case "upstreamModel": record.upstreamModel = value.string ?? ""
        case "mode": record.mode = value.int.flatMap(RelayMode.init(rawValue:)) ?? .unknown
        case "isStream": record.isStream = value.bool ?? false
        case "channel": record.channel = value.int
        case "group": record.group = value.string ?? ""
        case "tokenID": record.tokenID = value.int
        case "tokenName": record.tokenName = value.string ?? ""
        case "endpoint": record.endpoint = value.string ?? ""
        case "ip": record.ip = value.string ?? ""
        case "user": record.user = value.string ?? ""
        case "upstreamID": record.upstreamID = value.string ?? ""
        case "usage": record.usage = usage(value)
        case "usageSource": record.usageSource = value.string.flatMap(UsageSource.init(rawValue:)) ?? .unknown
        case "attempts": record.attempts = value.array?.compactMap(attempt) ?? []
        case "content": record.content = value.string ?? ""
        case "requestBody": record.requestBody = value.string
        case "responseBody": record.responseBody = value.string
        case "isRequestBodyTruncated": record.isRequestBodyTruncated = value.bool ?? false
        case "isResponseBodyTruncated": record.isResponseBodyTruncated = value.bool ?? false
        default: break
        }
    }

    private func usage(_ value: JSONValue) -> TokenUsage {
        var usage = TokenUsage()
        for member in value.object?.members ?? [] {
            let count = member.value.int ?? 0
            switch member.key {
            case "inputTokens": usage.inputTokens = count
            case "outputTokens": usage.outputTokens = count
            case "totalTokens": usage.totalTokens = count
            case "cachedTokens": usage.cachedTokens = count
            case "cacheCreationTokens": usage.cacheCreationTokens = count
            case "reasoningTokens": usage.reasoningTokens = count
            case "audioInputTokens": usage.audioInputTokens = count
            case "audioOutputTokens": usage.audioOutputTokens = count
            case "imageInputTokens": usage.imageInputTokens = count
            case "imageOutputTokens": usage.imageOutputTokens = count
            default: break
            }
        }
        return usage
    }

    private func attempt(_ value: JSONValue) -> CallAttempt? {
        guard value.object != nil else { return nil }
        return CallAttempt(
            channel: value["channel"]?.int ?? 0, reason: value["reason"]?.string ?? "", status: value["status"]?.int,
            outcome: value["outcome"]?.string.flatMap(CallOutcome.init(rawValue:)) ?? .failed,
            error: value["error"]?.string ?? "", startedAt: Int64(value["startedAt"]?.int ?? 0),
            durationMicroseconds: Int64(value["durationMicroseconds"]?.int ?? 0))
    }
}
