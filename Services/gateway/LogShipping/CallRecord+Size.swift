import Contracts

extension CallRecord {
    /// Whether a body is kept in it.
    var hasBodies: Bool { requestBody != nil || responseBody != nil }

    /// The same without the bodies of request and answer.
    var withoutBodies: CallRecord {
        var record = self
        record.requestBody = nil
        record.responseBody = nil
        return record
    }

    /// The same without bodies and with every text cut to `limit` bytes and the attempts to the first hundred, so that its line is small whatever a
    /// caller or an upstream put into it.
    func cut(textsTo limit: Int) -> CallRecord {
        var record = withoutBodies
        let texts: [WritableKeyPath<CallRecord, String>] = [
            \.requestID, \.model, \.upstreamModel, \.group, \.tokenName, \.endpoint, \.ip, \.user, \.upstreamID,
            \.content,
        ]
        for text in texts { record[keyPath: text] = record[keyPath: text].cut(to: limit) }
        record.attempts = record.attempts.prefix(100).map { attempt in
            var attempt = attempt
            attempt.reason = attempt.reason.cut(to: limit)
            attempt.error = attempt.error.cut(to: limit)
            return attempt
        }
        return record
    }
}

extension String {
    fileprivate func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
