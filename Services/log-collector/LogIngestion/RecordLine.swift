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
///
/// The fields are found in one walk over the bytes; a tree of the line would cost three times as much as everything else that is done with a record.
struct RecordLine {
    private static let times: ClosedRange<Int64> = 0...253_402_300_799_999_999

    private let parser: JSONParser
    private var fields: RecordFields
    private let usageTable = JSONFieldTable(Self.usageKeys)

    init() {
        parser = JSONParser(limits: JSONLimits(depth: 32, values: 100_000))
        fields = RecordFields(parser)
    }

    /// Reads the line that stands at `range`. Bytes that are not UTF-8 are replaced, so that a hostile byte never loses a record.
    mutating func record(in bytes: [UInt8], at range: Range<Int>) throws(RecordLineFault) -> CallRecord {
        try find(bytes, range)
        return try record()
    }

    private mutating func find(_ bytes: [UInt8], _ range: Range<Int>) throws(RecordLineFault) {
        do throws(JSONError) {
            try fields.read(bytes, range)
        } catch {
            let repaired = Array(String(decoding: bytes[range], as: UTF8.self).utf8)
            guard repaired != Array(bytes[range]), (try? fields.read(repaired, repaired.indices)) != nil else {
                throw .json(error.message)
            }
        }
    }

    private func record() throws(RecordLineFault) -> CallRecord {
        guard let requestID = fields.string(.requestID) else { throw .field("requestID") }
        guard let model = fields.string(.model) else { throw .field("model") }
        guard let code = fields.int(.code) else { throw .field("code") }
        var record = CallRecord(
            requestID: requestID, requestAt: try time(.requestAt), finishedAt: try time(.finishedAt),
            model: model, mode: fields.int(.mode).flatMap(RelayMode.init(rawValue:)) ?? .unknown, code: code,
            outcome: fields.string(.outcome).flatMap(CallOutcome.init(rawValue:))
                ?? (code == 200 ? .completed : .failed),
            endpoint: fields.string(.endpoint) ?? "", ip: fields.string(.ip) ?? "")
        record.firstByteMicroseconds = fields.int(.firstByteMicroseconds).map(Int64.init)
        record.retryAt = fields.int(.retryAt).map(Int64.init).flatMap { Self.times.contains($0) ? $0 : nil }
        record.upstreamModel = fields.string(.upstreamModel) ?? ""
        record.isStream = fields.bool(.isStream)
        record.channel = fields.int(.channel)
        record.group = fields.string(.group) ?? ""
        record.tokenID = fields.int(.tokenID)
        record.tokenName = fields.string(.tokenName) ?? ""
        record.user = fields.string(.user) ?? ""
        record.upstreamID = fields.string(.upstreamID) ?? ""
        record.usageSource = fields.string(.usageSource).flatMap(UsageSource.init(rawValue:)) ?? .unknown
        record.content = fields.string(.content) ?? ""
        record.requestBody = fields.string(.requestBody)
        record.responseBody = fields.string(.responseBody)
        record.isRequestBodyTruncated = fields.bool(.isRequestBodyTruncated)
        record.isResponseBodyTruncated = fields.bool(.isResponseBodyTruncated)
        if let range = fields.range(of: .usage, .object) { record.usage = usage(fields.bytes, range) }
        if let range = fields.range(of: .attempts, .array) { record.attempts = attempts(fields.bytes, range) }
        return record
    }

    private func time(_ key: RecordFields.Key) throws(RecordLineFault) -> Int64 {
        guard let value = fields.int(key).map(Int64.init) else { throw .field("\(key)") }
        guard Self.times.contains(value) else { throw .time("\(key)") }
        return value
    }

    private static let usageKeys = JSONKeys(
        "inputTokens", "outputTokens", "totalTokens", "cachedTokens", "cacheCreationTokens", "reasoningTokens",
        "audioInputTokens", "audioOutputTokens", "imageInputTokens", "imageOutputTokens")

    private func usage(_ bytes: [UInt8], _ range: Range<Int>) -> TokenUsage {
        guard (try? parser.fill(usageTable, bytes, in: range)) != nil else { return TokenUsage() }
        func count(_ place: Int) -> Int { usageTable[place]?.int(in: bytes, from: range.lowerBound) ?? 0 }
        return TokenUsage(
            inputTokens: count(0), outputTokens: count(1), totalTokens: count(2), cachedTokens: count(3),
            cacheCreationTokens: count(4), reasoningTokens: count(5), audioInputTokens: count(6),
            audioOutputTokens: count(7), imageInputTokens: count(8), imageOutputTokens: count(9))
    }

    private func attempts(_ bytes: [UInt8], _ range: Range<Int>) -> [CallAttempt] {
        guard let elements = try? parser.parse(bytes, in: range).array else { return [] }
        return elements.compactMap { value in
            guard value.object != nil else { return nil }
            return CallAttempt(
                channel: value["channel"]?.int ?? 0, reason: value["reason"]?.string ?? "",
                status: value["status"]?.int,
                outcome: value["outcome"]?.string.flatMap(CallOutcome.init(rawValue:)) ?? .failed,
                error: value["error"]?.string ?? "", startedAt: Int64(value["startedAt"]?.int ?? 0),
                durationMicroseconds: Int64(value["durationMicroseconds"]?.int ?? 0))
        }
    }
}
