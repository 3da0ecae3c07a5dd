package import Contracts

/// Writes a call record as one line of JSON, with exactly the keys and values of its synthesised `Codable` form; what is absent is left out.
///
/// By hand, because every call of the gateway passes here: Foundation's coders take a hundred times as long, a general writer twenty times.
package enum CallRecordWriter {
    /// The line, without a line feed at its end. It holds none inside: JSON escapes them.
    package static func line(_ record: CallRecord) -> [UInt8] {
        let bodies = (record.requestBody?.utf8.count ?? 0) + (record.responseBody?.utf8.count ?? 0)
        var line = LineBuffer(capacity: 1024 + record.attempts.count * 192 + bodies + bodies / 16)
        line.fragment(#"{"requestID":"#)
        line.string(record.requestID)
        line.fragment(#","requestAt":"#)
        line.integer(record.requestAt)
        line.fragment(#","finishedAt":"#)
        line.integer(record.finishedAt)
        line.integer(#","firstByteMicroseconds":"#, record.firstByteMicroseconds)
        line.integer(#","retryAt":"#, record.retryAt)
        line.fragment(#","model":"#)
        line.string(record.model)
        line.fragment(#","upstreamModel":"#)
        line.string(record.upstreamModel)
        line.fragment(#","mode":"#)
        line.integer(record.mode.rawValue)
        line.fragment(#","code":"#)
        line.integer(record.code)
        line.fragment(#","outcome":"#)
        line.string(record.outcome.rawValue)
        line.fragment(#","isStream":"#)
        line.flag(record.isStream)
        line.integer(#","channel":"#, record.channel)
        line.fragment(#","group":"#)
        line.string(record.group)
        line.integer(#","tokenID":"#, record.tokenID)
        line.fragment(#","tokenName":"#)
        line.string(record.tokenName)
        line.fragment(#","endpoint":"#)
        line.string(record.endpoint)
        line.fragment(#","ip":"#)
        line.string(record.ip)
        line.fragment(#","user":"#)
        line.string(record.user)
        line.fragment(#","upstreamID":"#)
        line.string(record.upstreamID)
        line.usage(record.usage)
        line.fragment(#","usageSource":"#)
        line.string(record.usageSource.rawValue)
        line.attempts(record.attempts)
        line.fragment(#","content":"#)
        line.string(record.content)
        line.string(#","requestBody":"#, record.requestBody)
        line.string(#","responseBody":"#, record.responseBody)
        line.fragment(#","isRequestBodyTruncated":"#)
        line.flag(record.isRequestBodyTruncated)
        line.fragment(#","isResponseBodyTruncated":"#)
        line.flag(record.isResponseBodyTruncated)
        line.fragment("}")
        return line.bytes
    }
}

extension LineBuffer {
    fileprivate mutating func integer(_ key: StaticString, _ value: (some FixedWidthInteger & SignedInteger)?) {
        guard let value else { return }
        fragment(key)
        integer(value)
    }

    fileprivate mutating func string(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        fragment(key)
        string(value)
    }

    fileprivate mutating func usage(_ usage: TokenUsage) {
        fragment(#","usage":{"inputTokens":"#)
        integer(usage.inputTokens)
        fragment(#","outputTokens":"#)
        integer(usage.outputTokens)
        fragment(#","totalTokens":"#)
        integer(usage.totalTokens)
        fragment(#","cachedTokens":"#)
        integer(usage.cachedTokens)
        fragment(#","cacheCreationTokens":"#)
        integer(usage.cacheCreationTokens)
        fragment(#","reasoningTokens":"#)
        integer(usage.reasoningTokens)
        fragment(#","audioInputTokens":"#)
        integer(usage.audioInputTokens)
        fragment(#","audioOutputTokens":"#)
        integer(usage.audioOutputTokens)
        fragment(#","imageInputTokens":"#)
        integer(usage.imageInputTokens)
        fragment(#","imageOutputTokens":"#)
        integer(usage.imageOutputTokens)
        fragment("}")
    }

    fileprivate mutating func attempts(_ attempts: [CallAttempt]) {
        fragment(#","attempts":["#)
        for (place, attempt) in attempts.enumerated() {
            fragment(place == 0 ? #"{"channel":"# : #",{"channel":"#)
            integer(attempt.channel)
            fragment(#","reason":"#)
            string(attempt.reason)
            integer(#","status":"#, attempt.status)
            fragment(#","outcome":"#)
            string(attempt.outcome.rawValue)
            fragment(#","error":"#)
            string(attempt.error)
            fragment(#","startedAt":"#)
            integer(attempt.startedAt)
            fragment(#","durationMicroseconds":"#)
            integer(attempt.durationMicroseconds)
            fragment("}")
        }
        fragment("]")
    }
}
