import Contracts
import LogStore

/// Calls as lines of CSV (contract admin-api §5.4). Text that a spreadsheet would take for a formula gets an apostrophe in front.
struct CSVRows {
    /// Which columns there are beside the others.
    struct Columns: Equatable {
        var hasChannel = true
        var hasRetryAt = true
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let tokens = [
        "input", "image_input", "audio_input", "video_input", "output", "image_output", "audio_output", "cached",
        "cache_creation", "reasoning", "total",
    ]

    let columns: Columns
    private(set) var bytes: [UInt8] = []
    private var isLineStart = true

    init(_ columns: Columns, reserving count: Int = 0) {
        self.columns = columns
        bytes.reserveCapacity(count)
    }

    /// The mark that makes spreadsheets read UTF-8, and the names of the columns.
    mutating func appendHead() {
        bytes.append(contentsOf: Self.mark)
        var names = ["id", "end_time", "request_at", "group", "token_id", "token_name"]
        if columns.hasRetryAt { names.append("retry_at") }
        if columns.hasChannel { names.append("channel") }
        names += ["model", "endpoint", "code", "request_id", "upstream_id", "ip", "user", "resolution"]
        names += ["native_resolution", "quality", "service_tier", "input_video", "output_audio", "ttfb_milliseconds"]
        names.append("retry_times")
        names += Self.tokens.map { $0 + "_tokens" } + ["web_search_count"] + LogAmount.allCases.map(\.name)
        names += ["content", "prompt_cache_key", "metadata", "request_body", "response_body"]
        for name in names { text(name) }
        endLine()
    }

    mutating func append(_ exported: LogReader.Exported) {
        let call = exported.call
        number(call.id)
        text(exported.createdAt)
        text(exported.requestAt)
        text(call.group)
        number(Int64(call.tokenID ?? 0))
        text(call.tokenName)
        if columns.hasRetryAt { text(exported.retryAt) }
        if columns.hasChannel { number(Int64(call.channel ?? 0)) }
        text(call.model)
        text(call.endpoint)
        number(Int64(call.code))
        text(call.requestID)
        text(call.upstreamID)
        text(call.ip)
        text(call.user)
        // Nothing is kept of these yet: resolution, native_resolution, quality, service_tier.
        for _ in 0..<4 { text("") }
        text("false")
        text("false")
        number((call.firstByteMicroseconds.map { $0 + 500 } ?? 0) / 1_000)
        number(Int64(call.retryCount))
        append(call.usage)
        // An amount that is unknown is empty, which is not 0.
        for amount in LogAmount.allCases { text(call.amounts[amount] ?? "") }
        text(LogJSON.cut(call.content))
        text("")
        text("")
        text(call.body?.requestBody ?? "")
        text(call.body?.responseBody ?? "")
        endLine()
    }

    private mutating func append(_ usage: TokenUsage) {
        let counts = [
            usage.inputTokens, usage.imageInputTokens, usage.audioInputTokens, 0, usage.outputTokens,
            usage.imageOutputTokens, usage.audioOutputTokens, usage.cachedTokens, usage.cacheCreationTokens,
            usage.reasoningTokens, usage.totalTokens, 0,
        ]
        for count in counts { number(Int64(count)) }
    }

    private mutating func number(_ value: Int64) {
        comma()
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func text(_ value: String) {
        comma()
        let utf8 = value.utf8
        let isFormula = utf8.first.map { [0x3D, 0x2B, 0x2D, 0x40, 0x09].contains($0) } ?? false
        let isQuoted = utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D } || utf8.first == 0x20
        if isQuoted { bytes.append(0x22) }
        if isFormula { bytes.append(0x27) }
        for byte in utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        if isQuoted { bytes.append(0x22) }
    }

    private mutating func comma() {
        if !isLineStart { bytes.append(0x2C) }
        isLineStart = false
    }

    mutating func endLine() {
        bytes.append(0x0A)
        isLineStart = true
    }
}
