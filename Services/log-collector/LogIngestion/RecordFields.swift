import JSON

/// The places of a record's fields in its line.
struct RecordFields {
    /// The keys of a record; a scan finds eight at a time.
    enum Key: Int {
        case requestID, requestAt, finishedAt, model, code, outcome, mode, channel
        case firstByteMicroseconds, retryAt, upstreamModel, isStream, group, tokenID, tokenName, endpoint
        case ip, user, upstreamID, usage, usageSource, attempts, content, requestBody
        case responseBody, isRequestBodyTruncated, isResponseBodyTruncated
    }

    private static let first = JSONKeys(
        "requestID", "requestAt", "finishedAt", "model", "code", "outcome", "mode", "channel")
    private static let second = JSONKeys(
        "firstByteMicroseconds", "retryAt", "upstreamModel", "isStream", "group", "tokenID", "tokenName", "endpoint")
    private static let third = JSONKeys(
        "ip", "user", "upstreamID", "usage", "usageSource", "attempts", "content", "requestBody")
    private static let fourth = JSONKeys("responseBody", "isRequestBodyTruncated", "isResponseBodyTruncated")

    let bytes: [UInt8]
    private let base: Int
    private let scans: (JSONScan, JSONScan, JSONScan, JSONScan)

    /// Finds the fields of the object at `range`.
    ///
    /// - Throws: What is wrong with the text, or that it is no object.
    init(_ parser: JSONParser, _ bytes: [UInt8], _ range: Range<Int>) throws(JSONError) {
        self.bytes = bytes
        base = range.lowerBound
        scans = (
            try parser.scan(bytes, in: range, for: Self.first), try parser.scan(bytes, in: range, for: Self.second),
            try parser.scan(bytes, in: range, for: Self.third), try parser.scan(bytes, in: range, for: Self.fourth)
        )
    }

    func string(_ key: Key) -> String? { field(key)?.string(in: bytes, from: base) }

    func int(_ key: Key) -> Int? { field(key)?.int(in: bytes, from: base) }

    func bool(_ key: Key) -> Bool { field(key)?.bool(in: bytes, from: base) ?? false }

    /// Where a field of this kind stands, counted from the start of `bytes`.
    func range(of key: Key, _ kind: JSONKind) -> Range<Int>? {
        guard let field = field(key), field.kind == kind else { return nil }
        return field.range.lowerBound + base..<field.range.upperBound + base
    }

    private func field(_ key: Key) -> JSONField? {
        let place = key.rawValue & 7
        return switch key.rawValue >> 3 {
        case 0: scans.0[place]
        case 1: scans.1[place]
        case 2: scans.2[place]
        default: scans.3[place]
        }
    }
}
