import Synchronization

/// Baidu's tokens and Wenxin of version 1. The model stands in the path, and so does what goes wrong.
enum BaiduAnswer {
    private static let start = "/rpc/2.0/ai_custom/v1/wenxinworkshop/"

    /// Whether a request is for Baidu.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.path.hasSuffix("/oauth/2.0/token") || request.path.hasSuffix("/v1/BCE-BEARER/token")
            || request.path.contains(start)
    }

    static func steps(for request: MockRequest) -> any Steps {
        if request.path.hasSuffix("/oauth/2.0/token") { return token(request) }
        if request.path.hasSuffix("/v1/BCE-BEARER/token") { return bearer(request) }
        let behaviour = Behaviour(model: "", path: request.path)
        // The vendor's own codes come with status 200: `mock-status-110` is code 110.
        if case .status(let code) = behaviour.kind { return VendorAnswer.whole(200, error(code)) }
        if let fault = VendorAnswer.fault(behaviour, error: error) { return fault }
        guard let token = query(request, "access_token"), let number = BaiduTokens.shared.number(of: token) else {
            return VendorAnswer.whole(200, error(110))
        }
        // The first token of a client is no longer good for this model.
        if request.path.hasSuffix("/mock-stale"), number < 2 { return VendorAnswer.whole(200, error(111)) }
        if request.path.contains("/embeddings/") { return VendorAnswer.plain(embeddings(request), behaviour) }
        if request.path.contains("/reranker/") { return VendorAnswer.plain(rerank(request), behaviour) }
        return chat(request, behaviour)
    }

    private static func query(_ request: MockRequest, _ name: String) -> String? {
        let members = request.target.split(separator: "?", maxSplits: 1).dropFirst().first?.split(separator: "&") ?? []
        return members.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    private static func error(_ code: Int) -> [UInt8] {
        Array(#"{"error_code":\#(code),"error_msg":"mock error \#(code)"}"#.utf8)
    }

    // MARK: Tokens

    private static func token(_ request: MockRequest) -> any Steps {
        guard query(request, "grant_type") == "client_credentials", let id = query(request, "client_id"),
            let secret = query(request, "client_secret"), secret != "wrong"
        else {
            return VendorAnswer.whole(
                401, Array(#"{"error":"invalid_client","error_description":"unknown client id"}"#.utf8))
        }
        let token = BaiduTokens.shared.issue(id)
        return VendorAnswer.whole(200, Array(#"{"access_token":"\#(token)","expires_in":2592000}"#.utf8))
    }

    /// Looks at the form of the signature only; tests compute it again.
    private static func bearer(_ request: MockRequest) -> any Steps {
        let proof = request.headers.first { $0.name.lowercased() == "authorization" }?.value ?? ""
        let parts = proof.split(separator: "/", omittingEmptySubsequences: false)
        guard request.method == "GET", parts.count == 6, parts[0] == "bce-auth-v1", parts[4] == "host",
            parts[5].count == 64, parts[1] != "wrong"
        else {
            return VendorAnswer.whole(
                403, Array(#"{"code":"AccessDenied","message":"mock denied","requestId":"r"}"#.utf8))
        }
        let token = BaiduTokens.shared.issue(String(parts[1]))
        return VendorAnswer.whole(
            201,
            Array(
                #"{"userId":"u","token":"bce-v3/\#(token)","status":"enable","createTime":"2026-01-01T00:00:00Z","expireTime":"2099-01-01T00:00:00Z"}"#
                    .utf8))
    }

    // MARK: Answers

    private static let usage =
        #""usage":{"prompt_tokens":\#(PlainBody.promptTokens),"completion_tokens":\#(PlainBody.completionTokens),"total_tokens":20}"#

    private static func chat(_ request: MockRequest, _ behaviour: Behaviour) -> any Steps {
        if let fault = fault(request) {
            return VendorAnswer.whole(200, Array(#"{"error_code":336003,"error_msg":"\#(fault)"}"#.utf8))
        }
        let asked = Asked(request)
        let text = VendorAnswer.json(PlainBody.text(behaviour, request))
        guard asked.value("stream").map({ LenientJSON.isTrue(request.body, $0) }) ?? false else {
            let body =
                #"{"id":"as-mock","object":"chat.completion","created":1700000000,"result":\#(text),"is_truncated":false,"need_clear_history":false,\#(usage)}"#
            return VendorAnswer.plain(Array(body.utf8), behaviour)
        }
        let words: [[UInt8]] =
            behaviour.kind == .echo
            ? [PlainBody.text(behaviour, request)] : (0..<behaviour.chunks).map { Array("w\($0) ".utf8) }
        let frames = words.enumerated().map { place, word in
            let isEnd = place == words.count - 1 && behaviour.kind != .noFinish
            return event(
                #"{"id":"as-mock","object":"chat.completion","created":1700000000,"sentence_id":\#(place),"is_end":\#(isEnd),"is_truncated":false,"result":\#(VendorAnswer.json(word)),"need_clear_history":false\#(isEnd ? "," + usage : "")}"#
            )
        }
        return VendorAnswer.stream(
            behaviour, type: "text/event-stream", frames, error: event(String(decoding: error(336501), as: UTF8.self)))
    }

    private static func event(_ data: String) -> [UInt8] { Array("data: \(data)\n\n".utf8) }

    /// What Wenxin refuses: a conversation whose sides do not take turns, and a system message among them.
    private static func fault(_ request: MockRequest) -> String? {
        let body = request.body
        guard let messages = Asked(request).value("messages").flatMap({ LenientJSON.elements(body, $0) }),
            messages.count % 2 == 1
        else { return "the length of messages must be an odd number" }
        for (place, message) in messages.enumerated() {
            let role = LenientJSON.text(body, LenientJSON.member(body, message, "role"))
            guard role == (place % 2 == 0 ? "user" : "assistant") else { return "the role of message is wrong" }
        }
        return nil
    }

    private static func embeddings(_ request: MockRequest) -> [UInt8] {
        let count = Asked(request).value("input").flatMap { LenientJSON.elements(request.body, $0) }?.count ?? 0
        let rows = (0..<count).map { #"{"object":"embedding","embedding":[\#($0),0.25],"index":\#($0)}"# }
        return Array(
            #"{"id":"as-mock","object":"embedding_list","created":1,"data":[\#(rows.joined(separator: ","))],\#(usage)}"#
                .utf8)
    }

    private static func rerank(_ request: MockRequest) -> [UInt8] {
        let count = Asked(request).value("documents").flatMap { LenientJSON.elements(request.body, $0) }?.count ?? 0
        let rows = (0..<count).reversed().map {
            #"{"document":"d","relevance_score":0.\#($0 + 1),"index":\#($0)}"#
        }
        return Array(
            #"{"id":"as-mock","object":"rerank_list","created":1,"results":[\#(rows.joined(separator: ","))],"usage":{"prompt_tokens":11,"total_tokens":11}}"#
                .utf8)
    }
}

/// The tokens that were given out, `token.CLIENT.NUMBER`.
final class BaiduTokens: Sendable {
    static let shared = BaiduTokens()
    private let issued = Mutex<[String: Int]>([:])

    func issue(_ client: String) -> String {
        let number = issued.withLock { issued in
            issued[client, default: 0] += 1
            return issued[client, default: 0]
        }
        return "token.\(client).\(number)"
    }

    /// The number of a token that was given out; `nil` for another text.
    func number(of token: String) -> Int? {
        let parts = token.split(separator: ".").map(String.init)
        guard parts.count == 3, parts[0] == "token", let number = Int(parts[2]),
            issued.withLock({ $0[parts[1]] ?? 0 }) >= number
        else { return nil }
        return number
    }
}
