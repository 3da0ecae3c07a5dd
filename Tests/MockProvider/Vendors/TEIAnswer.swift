/// The rerank of text-embeddings-inference: `POST …/rerank` with `texts`; a request with anything that it does not know is refused.
enum TEIAnswer {
    /// Whether a request is of this protocol: others have `documents`.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.path.hasSuffix("/rerank") && Asked(request).value("texts") != nil
    }

    static func steps(for request: MockRequest) -> any Steps {
        let asked = Asked(request)
        let known: Set<String> = ["query", "texts", "return_text", "truncate", "raw_scores", "truncation_direction"]
        let texts = asked.value("texts").flatMap { LenientJSON.elements(request.body, $0) } ?? []
        guard asked.members.allSatisfy({ known.contains($0.key) }), !texts.isEmpty else {
            return VendorAnswer.whole(422, Array(#"{"error":"Input validation error","error_type":"validation"}"#.utf8))
        }
        // What the query says stands for the model's name, which the protocol has not.
        let behaviour = Behaviour(model: LenientJSON.text(request.body, asked.value("query")) ?? "")
        let error = { (code: Int) in Array(#"{"error":"mock error \#(code)","error_type":"backend"}"#.utf8) }
        if let fault = VendorAnswer.fault(behaviour, error: error) { return fault }
        let rows = texts.indices.map { #"{"index":\#($0),"score":0.\#($0 + 1)}"# }
        return VendorAnswer.plain(Array("[\(rows.joined(separator: ","))]".utf8), behaviour)
    }
}
