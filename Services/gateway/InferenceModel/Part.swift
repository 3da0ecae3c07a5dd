package import JSON

/// One piece of a turn or of an answer.
package enum Part: Equatable, Sendable {
    case text(String, cache: CacheMarker? = nil)
    case media(Media)
    case thinking(Thinking)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    /// The model declined, in its own words.
    case refusal(String)
}

/// An image, a sound, a film or a document.
package struct Media: Equatable, Sendable {
    /// What the bytes show or sound like.
    package enum Kind: String, Sendable, CaseIterable {
        case image, audio, video, document
    }

    /// Where the bytes are.
    package enum Source: Equatable, Sendable {
        /// An address that somebody has to fetch.
        case url(String)
        /// The bytes, in the standard base64 alphabet with padding.
        case base64(String)
        /// An object that the vendor holds under this id.
        case file(String)
    }

    package var kind: Kind
    package var source: Source
    /// Such as `image/png`; `nil` when it is not known.
    package var mediaType: String?
    /// How closely an image is looked at (`low`, `high`, `auto`).
    package var detail: String?
    package var fileName: String?
    package var cache: CacheMarker?

    package init(
        _ kind: Kind, _ source: Source, mediaType: String? = nil, detail: String? = nil, fileName: String? = nil,
        cache: CacheMarker? = nil
    ) {
        self.kind = kind
        self.source = source
        self.mediaType = mediaType
        self.detail = detail
        self.fileName = fileName
        self.cache = cache
    }
}

/// What the model thought before it answered, with what the vendor needs to take it back.
package struct Thinking: Equatable, Sendable {
    package var text: String
    /// The vendor's proof that the thought is its own (Anthropic's `signature`, Gemini's `thoughtSignature`, `encrypted_content`).
    package var signature: String?
    /// A thought that the vendor shows only encrypted (Anthropic's `redacted_thinking`).
    package var redacted: String?
    /// The vendor's id of the item (Responses).
    package var id: String?

    package init(_ text: String, signature: String? = nil, redacted: String? = nil, id: String? = nil) {
        self.text = text
        self.signature = signature
        self.redacted = redacted
        self.id = id
    }
}

/// A call of a tool by the model.
package struct ToolCall: Equatable, Sendable {
    /// Ties the result to the call; made by the reader when the protocol has none.
    package var id: String
    package var name: String
    /// JSON text as the model wrote it; may be invalid. `{}` when there are no arguments.
    package var arguments: String
    /// Gemini's `thoughtSignature` of the call.
    package var signature: String?
    package var cache: CacheMarker?

    package init(
        id: String, name: String, arguments: String, signature: String? = nil, cache: CacheMarker? = nil
    ) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.signature = signature
        self.cache = cache
    }
}

/// What a tool answered.
package struct ToolResult: Equatable, Sendable {
    package var callID: String
    /// The tool's name, where the protocol or an earlier call tells it.
    package var name: String?
    /// Texts and media.
    package var parts: [Part]
    package var isError: Bool
    package var cache: CacheMarker?

    package init(
        callID: String, name: String? = nil, parts: [Part], isError: Bool = false, cache: CacheMarker? = nil
    ) {
        self.callID = callID
        self.name = name
        self.parts = parts
        self.isError = isError
        self.cache = cache
    }
}

/// A tool that the model may use.
package enum Tool: Equatable, Sendable {
    /// A function of the caller's.
    case function(FunctionTool)
    /// A tool that the vendor runs, as the caller's protocol wrote it; understood by the same protocol, or by the kind of tool where another has an equal.
    case hosted(HostedTool)
}

/// A function that the caller runs.
package struct FunctionTool: Equatable, Sendable {
    package var name: String
    package var description: String?
    /// JSON Schema of the arguments; `nil` for none.
    package var parameters: JSONValue?
    package var strict: Bool?
    package var cache: CacheMarker?
    /// What the tool takes instead of JSON (OpenAI's custom tools); the other members describe a function of one text that stands for it.
    package var textInput: TextInput?

    package init(
        name: String, description: String? = nil, parameters: JSONValue? = nil, strict: Bool? = nil,
        cache: CacheMarker? = nil
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.strict = strict
        self.cache = cache
    }
}

/// The free text that a tool takes, in the words of OpenAI Responses.
package struct TextInput: Equatable, Sendable {
    /// The description of the tool, without what a function's must tell of the format.
    package var description: String?
    /// `{"type":"text"}` or a grammar; `nil` for any text.
    package var format: JSONValue?

    package init(description: String? = nil, format: JSONValue? = nil) {
        self.description = description
        self.format = format
    }
}

/// A tool of the vendor's.
package struct HostedTool: Equatable, Sendable {
    /// The tools that several vendors have in common.
    package enum Kind: Equatable, Sendable {
        case webSearch
        case codeExecution
        case urlContext
        /// Known only to its own protocol.
        case other(String)
    }

    package var kind: Kind
    /// The dialect whose words `definition` is in.
    package var dialect: String
    package var definition: JSONValue

    package init(_ kind: Kind, dialect: String, definition: JSONValue) {
        self.kind = kind
        self.dialect = dialect
        self.definition = definition
    }
}

/// Whether and which tool must be used.
package enum ToolChoice: Equatable, Sendable {
    case auto
    case none
    case required
    case function(String)
    /// One of these (Gemini's `allowedFunctionNames`).
    case oneOf([String])
}
