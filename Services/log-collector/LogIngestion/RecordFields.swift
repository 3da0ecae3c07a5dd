import JSON

/// The places of a record's fields in its line.
struct RecordFields {
    /// The keys of a record, named as in its `Codable` form.
    enum Key: Int, CaseIterable {
        case requestID, requestAt, finishedAt, model, code, outcome, mode, channel
        case firstByteMicroseconds, retryAt, upstreamModel, isStream, group, tokenID, tokenName, endpoint
        case ip, user, upstreamID, usage, usageSource, attempts, content, requestBody
        case responseBody, isRequestBodyTruncated, isResponseBodyTruncated
    }

    private static let keys = JSONKeys(Key.allCases.map { "\($0)" })

    private let parser: JSONParser
    private let table = JSONFieldTable(Self.keys)
    private(set) var bytes: [UInt8] = []
    private var base = 0

    init(_ parser: JSONParser) {
        self.parser = parser
    }

    /// Finds the fields of the object at `range`; they stay until the next call.
    ///
    /// - Throws: What is wrong with the text, or that it is no object.
    mutating func read(_ bytes: [UInt8], _ range: Range<Int>) throws(JSONError) {
        try parser.fill(table, bytes, in: range)
        self.bytes = bytes
        base = range.lowerBound
    }

    func string(_ key: Key) -> String? { table[key.rawValue]?.string(in: bytes, from: base) }

    func int(_ key: Key) -> Int? { table[key.rawValue]?.int(in: bytes, from: base) }

    func bool(_ key: Key) -> Bool { table[key.rawValue]?.bool(in: bytes, from: base) ?? false }

    /// Where a field of this kind stands, counted from the start of `bytes`.
    func range(of key: Key, _ kind: JSONKind) -> Range<Int>? {
        guard let field = table[key.rawValue], field.kind == kind else { return nil }
        return field.range.lowerBound + base..<field.range.upperBound + base
    }
}
