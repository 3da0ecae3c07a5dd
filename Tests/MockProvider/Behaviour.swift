/// How a request is answered, as its model name says.
struct Behaviour {
    enum Kind: Equatable {
        case normal
        case status(Int)
        case retryAfter(Int)
        case textError
        case htmlError
        case hugeError(Int)
        case html
        case invalidJSON
        case errorIn200
        case redirect
        case reset
        case close
        case slowHead(Int)
        case cutJSON
        case cutMidStream
        case resetMidStream
        case stallMidStream
        case errorInStream
        case errorFirst
        case garbageInStream
        case noUsage
        case noDone
        case noFinish
        case huge(Int)
        case splitUTF8
        case echo
        case tools(Int)
        case reasoning
        case crlf
        case closeDelimited
        case jsonForStream
        case exception(Int)
        case brokenChecksum
        case length
        case filter
    }

    var kind = Kind.normal
    /// Chunks with text in a stream.
    var chunks = 10
    /// Milliseconds between two chunks; the first leaves at once.
    var delay = 0
    /// Least bytes of text in a chunk, or in a plain answer.
    var size = 0
    /// Whether each chunk's text begins with the monotonic time of sending, as `t=NANOSECONDS `.
    var isStamped = false

    /// Every name, what it does, and what it means; a trailing number is the argument.
    static let table: [(name: String, meaning: String, kind: @Sendable (Int?) -> Kind)] = [
        ("mock-status", "-N: that status with an error in OpenAI form", { .status($0 ?? 500) }),
        ("mock-retry-after", "-N: 429 with Retry-After of N seconds (1)", { .retryAfter($0 ?? 1) }),
        ("mock-500-text", "500 with a plain text body", { _ in .textError }),
        ("mock-500", "500 with an error in OpenAI form", { _ in .status(500) }),
        ("mock-502-html", "502 with a page, as a proxy in front of a vendor answers", { _ in .htmlError }),
        ("mock-error-huge", "-N: 500 with N MiB of body (8)", { .hugeError($0 ?? 8) }),
        ("mock-error-200", "200 with an error member", { _ in .errorIn200 }),
        ("mock-error-in-stream", "an error object in the middle of a stream", { _ in .errorInStream }),
        ("mock-error-first", "an error object as the first event of a stream", { _ in .errorFirst }),
        ("mock-html", "200 with a page", { _ in .html }),
        (
            "mock-invalid-json", "200 with a body that is not JSON, in a stream a data line that is not",
            { _ in .invalidJSON }
        ),
        ("mock-garbage-in-stream", "a line that is no SSE field in the middle of a stream", { _ in .garbageInStream }),
        ("mock-redirect", "302 to /__mock/trap", { _ in .redirect }),
        ("mock-reset-mid-stream", "half of the chunks, then a reset", { _ in .resetMidStream }),
        ("mock-reset", "a reset instead of an answer", { _ in .reset }),
        ("mock-close-delimited", "an answer without a length, ended by the close", { _ in .closeDelimited }),
        ("mock-close", "the connection ends instead of an answer", { _ in .close }),
        ("mock-slow-head", "-N: N milliseconds before the head (1000)", { .slowHead($0 ?? 1000) }),
        ("mock-cut-json", "half of the body that Content-Length promised, then the end", { _ in .cutJSON }),
        ("mock-cut-mid-stream", "half of the chunks, then the end without a last chunk", { _ in .cutMidStream }),
        ("mock-stall-mid-stream", "half of the chunks, then silence", { _ in .stallMidStream }),
        ("mock-no-usage", "no usage, asked or not", { _ in .noUsage }),
        ("mock-no-done", "a stream without [DONE]", { _ in .noDone }),
        ("mock-no-finish", "a stream without a finish reason", { _ in .noFinish }),
        ("mock-huge", "-N: N MiB of text in one answer or one chunk (8)", { .huge($0 ?? 8) }),
        ("mock-split-utf8", "one byte in each write, with characters of 2 to 4 bytes", { _ in .splitUTF8 }),
        ("mock-echo", "the text is the received request as JSON", { _ in .echo }),
        ("mock-tools", "-N: N tool calls (1), also without a `tools` member", { .tools($0 ?? 1) }),
        ("mock-reasoning", "reasoning_content before the text", { _ in .reasoning }),
        ("mock-crlf", "SSE with CRLF line ends, comments, event and id fields", { _ in .crlf }),
        (
            "mock-exception", "-N: in Bedrock's streams an exception that means that status (429)",
            { .exception($0 ?? 429) }
        ),
        ("mock-broken-checksum", "in Bedrock's streams a frame with a wrong checksum", { _ in .brokenChecksum }),
        ("mock-json-for-stream", "a plain answer though a stream was asked for", { _ in .jsonForStream }),
        ("mock-length", "an answer that breaks off at its limit", { _ in .length }),
        ("mock-filter", "an answer that a filter ended", { _ in .filter }),
    ]

    /// Reads a model name, for example `mock-cut-mid-stream` or `mock-stream-n100-d20-s180-t`.
    ///
    /// - Parameter path: Where the name says nothing, a segment of it does (`/mock-tools-2/v1/responses`): some protocols are spoken with models of certain names only.
    init(model: String, path: Substring = "") {
        let segments = path.split(separator: "/")
        guard let name = ([Substring(model)] + segments).first(where: { $0.hasPrefix("mock-") }) else { return }
        var rest = name
        if let row = Self.table.first(where: { name == $0.name || name.hasPrefix($0.name + "-") }) {
            rest = rest.dropFirst(row.name.count + 1)
            let argument = rest.prefix { $0.isNumber }
            kind = row.kind(Int(argument))
            rest = rest.dropFirst(argument.count)
        }
        for part in rest.split(separator: "-") {
            let value = Int(part.dropFirst())
            switch part.first {
            case "n": chunks = value ?? chunks
            case "d": delay = value ?? delay
            case "s": size = value ?? size
            case "t" where part.count == 1: isStamped = true
            default: break
            }
        }
    }

    /// One of the words for how an answer ends, as the kind says it: naturally, at its limit, by a filter.
    func end(_ natural: String, length: String, filter: String) -> String {
        switch kind {
        case .length: length
        case .filter: filter
        default: natural
        }
    }

    static var help: String {
        var text = """
            usage: mock-provider [--host 127.0.0.1] [--port 0] [--loops 1] [--no-record]
            Serves /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/rerank, /v1/images/generations, /v1/images/edits, /v1/images/variations, /v1/audio/speech, /v1/audio/transcriptions, /v1/audio/translations, /v1/moderations, /v1/models (also below any prefix), GET and DELETE /__mock/stats.
            In Anthropic's protocol /v1/messages and /v1/messages/count_tokens; a request that Anthropic would refuse gets 400.
            In the Responses protocol /v1/responses and what it keeps; mock-refusal refuses; a request that OpenAI would refuse gets 400.
            In Bedrock's …/model/{id}/invoke and /invoke-with-response-stream, signed with the secret secret-of-{access key} or with an API key; a request that Bedrock would refuse gets 400.
            On Vertex AI's addresses Gemini's and Anthropic's protocols with what differs there, and :predict; a token that begins with `expired` gets 401.
            In Gemini's protocol …/models/{model}:generateContent, :streamGenerateContent, :countTokens, :embedContent, :batchEmbedContents, below any prefix; a request that Google would refuse gets 400.
            There mock-blocked, mock-refusal, mock-malformed, mock-grounded, mock-picture and mock-code are answers of their own, and names with gemini-2.5 or gemini-3 behave as those models.
            In Cohere's protocol /v2/chat, /v2/embed and /v2/rerank; /rerank with texts is that of text-embeddings-inference.
            Baidu's tokens at /oauth/2.0/token and /v1/BCE-BEARER/token; Wenxin's operations, where mock-stale does not take the first token and mock-status-N is the vendor's code.
            In Ollama's protocol /api/chat and /api/embed; mock-no-usage leaves out the count of a cached prompt.
            The model name chooses the answer, or a segment of the path where it does not; -nN-dN-sN-t appended sets the chunks, the delay in ms, the size of a text and a time stamp:

            """
        for row in table {
            text += "  \(row.name)\(String(repeating: " ", count: max(1, 26 - row.name.count)))\(row.meaning)\n"
        }
        return text
    }
}
