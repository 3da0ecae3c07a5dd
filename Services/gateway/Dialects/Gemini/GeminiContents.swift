import InferenceModel
import JSON

/// The turns of a conversation as Gemini's `contents` (contract providers §5.3, §5.9).
///
/// Turns of one side that follow each other become one; results get their function's name from the call with their id, and stand in the order of the calls; the signature
/// of a thought moves to the call that follows it, where Gemini looks for it.
struct GeminiContents {
    /// One piece of a content.
    enum Piece {
        case text(String, signature: String?)
        case thought(String, signature: String?)
        case media(Media)
        case call(id: String, name: String, arguments: [UInt8], signature: String?)
        case response(order: Int, GeminiResult)

        var signature: String? {
            switch self {
            case .text(_, let signature), .thought(_, let signature), .call(_, _, _, let signature): signature
            case .media, .response: nil
            }
        }

        /// The same piece with a signature.
        func signed(_ signature: String) -> Piece {
            switch self {
            case .text(let text, _): .text(text, signature: signature)
            case .thought(let text, _): .thought(text, signature: signature)
            case .call(let id, let name, let arguments, _):
                .call(id: id, name: name, arguments: arguments, signature: signature)
            case .media, .response: self
            }
        }
    }

    /// What one side said.
    struct Content {
        let isModel: Bool
        var pieces: [Piece] = []
    }

    private(set) var contents: [Content] = []
    private(set) var names: ToolNames
    private let model: GeminiModel
    private lazy var parser = JSONParser()
    /// The calls so far, by id: the sent name, and the place among all calls.
    private var calls: [String: (name: String, order: Int)] = [:]

    init(_ request: InferenceRequest, model: GeminiModel, names: ToolNames) {
        self.model = model
        self.names = names
        for turn in request.turns { add(turn) }
        for place in contents.indices where !contents[place].isModel { sortResponses(place) }
    }

    private mutating func add(_ turn: Turn) {
        var pieces = turn.role == .assistant ? modelPieces(turn.parts) : userPieces(turn.parts)
        pieces.removeAll { piece in
            if case .text(let text, nil) = piece { text.isEmpty } else { false }
        }
        guard !pieces.isEmpty else { return }
        let isModel = turn.role == .assistant
        if contents.last?.isModel == isModel {
            contents[contents.count - 1].pieces += pieces
        } else {
            contents.append(Content(isModel: isModel, pieces: pieces))
        }
    }

    private mutating func modelPieces(_ parts: [Part]) -> [Piece] {
        var pieces: [Piece] = []
        /// A signature that still looks for its call, and the piece that carries it when none comes.
        var carried: (signature: String, place: Int)?
        func settle() {
            if let held = carried { pieces[held.place] = pieces[held.place].signed(held.signature) }
            carried = nil
        }
        for part in parts {
            switch part {
            case .text(let text, _), .refusal(let text): pieces.append(.text(text, signature: nil))
            case .media(let media): pieces.append(.media(media))
            case .thinking(let thinking):
                guard thinking.redacted == nil else { continue }
                if !thinking.text.isEmpty { pieces.append(.thought(thinking.text, signature: nil)) }
                guard let signature = thinking.signature, Self.isSignature(signature) else { continue }
                settle()
                if thinking.text.isEmpty {
                    if case .text(_, nil)? = pieces.last {} else { pieces.append(.text("", signature: nil)) }
                }
                carried = (signature, pieces.count - 1)
            case .toolCall(let call):
                var signature = call.signature.flatMap { Self.isSignature($0) ? $0 : nil }
                if signature == nil, let held = carried {
                    signature = held.signature
                    carried = nil
                }
                let name = names.name(call.name)
                calls[call.id] = (name, calls.count)
                pieces.append(
                    .call(id: call.id, name: name, arguments: arguments(call.arguments), signature: signature))
            case .toolResult: break
            }
        }
        settle()
        return pieces
    }

    /// Whether a text can be a signature of Google's, which are bytes; one of another vendor's that is not makes it refuse the request.
    private static func isSignature(_ text: String) -> Bool {
        !text.isEmpty && Base64Text.standard(text) != nil
    }

    private mutating func userPieces(_ parts: [Part]) -> [Piece] {
        var pieces: [Piece] = []
        for part in parts {
            switch part {
            case .text(let text, _), .refusal(let text): pieces.append(.text(text, signature: nil))
            case .media(let media): pieces.append(.media(media))
            case .thinking, .toolCall: break
            case .toolResult(let result): pieces += self.pieces(of: result)
            }
        }
        return pieces
    }

    /// A result as Gemini's `functionResponse`; one whose call nobody knows becomes text. Media stand beside it for models that do not take them inside.
    private mutating func pieces(of result: ToolResult) -> [Piece] {
        var text = ""
        var media: [Media] = []
        for part in result.parts {
            switch part {
            case .text(let piece, _), .refusal(let piece): text += text.isEmpty || piece.isEmpty ? piece : "\n" + piece
            case .media(let piece): media.append(piece)
            default: break
            }
        }
        guard let call = calls[result.callID] else {
            return [.text(text, signature: nil)] + media.map { .media($0) }
        }
        let inside = model.isThird ? media : []
        let response = GeminiResult(
            id: result.callID, name: call.name, response: value(text, isError: result.isError), media: inside)
        return [.response(order: call.order, response)] + (model.isThird ? [] : media.map { .media($0) })
    }

    /// A JSON object as it is, anything else under `result`, or `error`.
    private mutating func value(_ text: String, isError: Bool) -> [UInt8] {
        let bytes = Array(text.utf8)
        if !isError, isObject(bytes) { return bytes }
        var json = JSONWriter(reserving: bytes.count + 16)
        json.object { $0.field(isError ? "error" : "result", text) }
        return json.bytes
    }

    private mutating func arguments(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return isObject(bytes) ? bytes : Array("{}".utf8)
    }

    private mutating func isObject(_ bytes: [UInt8]) -> Bool {
        guard bytes.first(where: { $0 > 32 }) == UInt8(ascii: "{") else { return false }
        return (try? parser.scan(bytes, for: Self.noKeys)) != nil
    }

    private static let noKeys = JSONKeys("id")

    /// Results first, in the order of their calls.
    private mutating func sortResponses(_ place: Int) {
        var responses: [(order: Int, piece: Piece)] = []
        var others: [Piece] = []
        for piece in contents[place].pieces {
            if case .response(let order, _) = piece { responses.append((order, piece)) } else { others.append(piece) }
        }
        guard !responses.isEmpty else { return }
        responses.sort { $0.order < $1.order }
        contents[place].pieces = responses.map(\.piece) + others
    }
}

/// What a function answered.
struct GeminiResult {
    let id: String
    let name: String
    /// A JSON object.
    let response: [UInt8]
    let media: [Media]
}
