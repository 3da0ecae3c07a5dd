import JSON

extension OpenAICompatible {
    /// Jina AI (contract providers §19): texts and pictures to embed are objects, and the form of vectors has a name of its own.
    static let jina = OpenAICompatible("jina", traits: OpenAITraits().with { $0.embeddings = .jina })
}

/// Writes a request for embeddings as Jina takes it.
enum JinaEmbeddings {
    /// The body with its `input` and `encoding_format` in Jina's words; the vendor's own members stay.
    static func edit(_ edit: inout JSONEdit, _ index: JSONObjectIndex, _ parser: JSONParser) {
        if let input = index["input"], let tree = try? parser.parse(index.bytes, in: input.range) {
            let list = tree.array ?? [tree]
            // Tokens are left for the vendor to refuse.
            if !list.contains(where: { $0.kind == .number || $0.kind == .array }) {
                edit.set("input", raw: JSONValue.array(list.map(object)).serialized())
            }
        }
        guard index["encoding_format"] != nil else { return }
        if index["embedding_type"] == nil, let format = try? index.string("encoding_format") {
            edit.set("embedding_type", string: format)
        }
        edit.remove("encoding_format")
    }

    /// A text or a picture as an object: also the parts of chat messages, and pictures as bare base64.
    private static func object(_ value: JSONValue) -> JSONValue {
        if let text = value.string { return ["text": .string(text)] }
        guard let picture = value["image"] ?? value["image_url"] else {
            return value["text"].map { ["text": $0] } ?? value
        }
        guard let address = picture.string ?? picture["url"]?.string else { return value }
        return ["image": .string(DataURL(address)?.base64 ?? address)]
    }
}
