package import Contracts
package import Dialects
package import EventLoop
package import HTTPCore
package import HTTPServer
package import Routing

/// What is known of one call while it runs; becomes its record. Confined to the loop of its connection.
package final class CallScope {
    package let id: String
    package let mode: RelayMode
    package let request: ServerRequest
    /// The caller's protocol: its requests, and the shape of its errors.
    package let dialect: any CallerDialect
    /// The model and the action that the path names (Gemini).
    package let pathModel: String?
    package let action: String?
    /// Whether the key may stand in the query (Gemini); it is never kept.
    package let takesKeyInQuery: Bool
    /// The path alone: a query may hold a key.
    package let endpoint: String
    package let arrivedAt: MonotonicTime
    /// Unix microseconds.
    package let receivedAt: Int64
    /// `nil` until the caller is known.
    package var caller: Caller?
    /// The requested name, in its configured spelling once it is known.
    package var model = ""
    package var upstreamModel = ""
    package var isStream = false
    package var user = ""
    package var body: [UInt8] = []
    /// The upstream's id of what the call goes on from, and the codec of such ids.
    var storedID: String?
    var ids: StoredIDs?
    /// Whether more of the body follows `body`, which then streams through.
    package var hasMoreBody = false
    /// Why the rest of such a body did not arrive.
    var bodyFault: BodyError?
    /// What is kept of the request when the call fails, instead of a body that is no text.
    package var bodySummary: String?
    package var channel: Int?
    package var attempts: [CallAttempt] = []
    package var retryAt: Int64?
    package var upstreamID = ""
    package var usage: TokenUsage?
    package var usageSource = UsageSource.unknown
    /// The upstream's model of an answer to a call that named none; empty for others.
    var answeredModel = ""
    /// What the last failed upstream said about trying again.
    package var retryAfter: Duration?
    /// When the first byte of the answer's body was written.
    package var firstByteAt: MonotonicTime?
    /// What is kept of the bodies; `nil` until the caller is known.
    package var details: DetailTerms?
    /// The beginning of a good answer, while those are kept.
    private var answered: [UInt8] = []

    package init(
        id: String, mode: RelayMode, dialect: any CallerDialect, request: ServerRequest, pathModel: String? = nil,
        action: String? = nil, takesKeyInQuery: Bool = false
    ) {
        self.id = id
        self.mode = mode
        self.dialect = dialect
        self.request = request
        self.pathModel = pathModel
        self.action = action
        self.takesKeyInQuery = takesKeyInQuery
        endpoint = request.head.target.rawPath
        arrivedAt = request.arrivedAt
        receivedAt = request.receivedAt
    }

    /// The fields that let the caller wait as the upstream asked: whole seconds, and OpenAI's milliseconds.
    package var retryAfterHeaders: HTTPHeaders {
        guard let retryAfter else { return [:] }
        let milliseconds = retryAfter.wholeMilliseconds
        return ["retry-after": String((milliseconds + 999) / 1000), "retry-after-ms": String(milliseconds)]
    }

    /// The body of an error, in the caller's protocol.
    package func body(of error: RelayError) -> [UInt8] {
        dialect.write(error.wire(requestID: id))
    }

    /// A point of the monotonic clock as Unix microseconds.
    func wallClock(_ time: MonotonicTime) -> Int64 {
        receivedAt + microseconds(to: time)
    }

    /// From arrival to a later point; plain numbers, since `Duration` costs 128-bit arithmetic.
    private func microseconds(to time: MonotonicTime) -> Int64 {
        Int64(clamping: time.nanoseconds.subtractingReportingOverflow(arrivedAt.nanoseconds).partialValue / 1000)
    }

    /// Keeps what is sent to the caller, as far as it will be in the record; a byte more shows that there was more. Sound and pictures are not kept.
    func keepAnswer(_ bytes: [UInt8], contentType: String) {
        guard let details, details.keepsGood, details.responseLimit > 0 else { return }
        guard contentType.hasPrefix("text/") || contentType.contains("json") else { return }
        answered += bytes.prefix(max(0, details.responseLimit + 1 - answered.count))
    }

    /// Lets go of what the record will not have of the body; a byte more shows that there was more.
    func trimBody() {
        guard let details else { return }
        let kept = bodySummary == nil ? max(0, details.requestLimit) + 1 : 0
        if body.count > kept { body = Array(body.prefix(kept)) }
    }

    /// The record of the call as it ended now.
    ///
    /// - Parameters:
    ///   - status: The status given to the caller.
    ///   - failure: The error body as the caller got it; `nil` for a success.
    ///   - details: What is kept of the bodies.
    func record(
        status: Int, outcome: CallOutcome, failure: [UInt8]?, details: DetailTerms, now: MonotonicTime
    ) -> CallRecord {
        let tenant = caller?.tenant
        var record = CallRecord(
            requestID: id, requestAt: receivedAt, finishedAt: wallClock(now),
            firstByteMicroseconds: firstByteAt.map { microseconds(to: $0) },
            retryAt: retryAt, model: model.isEmpty ? answeredModel : model,
            upstreamModel: upstreamModel.isEmpty ? answeredModel : upstreamModel, mode: mode, code: status,
            outcome: outcome,
            isStream: isStream, channel: channel, group: tenant?.group ?? "", tokenID: tenant?.tokenID,
            tokenName: tenant?.tokenName ?? "", endpoint: endpoint, ip: request.remoteAddress, user: user,
            upstreamID: upstreamID, usage: usage ?? TokenUsage(), usageSource: usage == nil ? .unknown : usageSource,
            attempts: attempts)
        guard failure != nil || details.keepsGood else { return record }
        if let failure { record.content = Self.text(failure, limit: 1024).text }
        let asked = bodySummary.map { Array($0.utf8) } ?? body
        let answer = failure.flatMap { $0.isEmpty ? nil : $0 } ?? answered
        if details.requestLimit > 0, !asked.isEmpty {
            (record.requestBody, record.isRequestBodyTruncated) = Self.text(asked, limit: details.requestLimit)
        }
        if details.responseLimit > 0, !answer.isEmpty {
            (record.responseBody, record.isResponseBodyTruncated) = Self.text(answer, limit: details.responseLimit)
        }
        return record
    }

    /// Bytes as text, cut between characters to the limit, with `...` where something was cut.
    static func text(_ bytes: [UInt8], limit: Int) -> (text: String, isCut: Bool) {
        guard bytes.count > limit else { return (String(decoding: bytes, as: UTF8.self), false) }
        var end = max(0, limit - 3)
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return (String(decoding: bytes[..<end], as: UTF8.self) + "...", true)
    }
}
