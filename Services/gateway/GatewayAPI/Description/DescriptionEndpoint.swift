import APIDescription
import Crypto
import HTTPCore
import HTTPServer
import Relay

/// `GET /openapi.json` and `GET /docs`: the description of every route, for programs and for people. Neither needs a key, and neither tells anything of this installation.
struct DescriptionEndpoint: Sendable {
    let ids: RequestIDSource

    @Sendable func document(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        try answer(request, writer, Self.document, "application/json; charset=utf-8")
    }

    @Sendable func page(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        try answer(
            request, writer, Self.page, "text/html; charset=utf-8",
            ["content-security-policy": DocsPage.policy, "referrer-policy": "no-referrer"])
    }

    /// A text with its entity tag, which is a digest of it; all replicas of one version agree.
    private struct Entity {
        let bytes: [UInt8]
        let tag: String

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            tag = "\"" + Hex.encode(Array(SHA256.hash(bytes).prefix(16))) + "\""
        }
    }

    private static let document = Entity(APIDescription.document)
    private static let page = Entity(Array(DocsPage.html.utf8))

    /// Caches may keep it and must ask whether it is still true: another version of the gateway has another one.
    private func answer(
        _ request: ServerRequest, _ writer: ResponseWriter, _ entity: Entity, _ type: String, _ more: HTTPHeaders = [:]
    ) throws(WriteError) {
        var headers = AnswerHeaders.make(request, id: ids.next(arrival: request.receivedAt), contentType: type)
        headers.append("etag", entity.tag)
        headers.append("cache-control", "no-cache")
        headers.append("x-content-type-options", "nosniff")
        more.forEach { headers.append($0, $1) }
        if Self.holds(entity.tag, request.head.headers.all("if-none-match")) {
            try writer.head(.notModified, headers, .none)
            return writer.finish()
        }
        try writer.respond(.ok, headers, entity.bytes)
    }

    /// Whether the caller has the entity already: its tag in the list, weak or strong, or any at all.
    static func holds(_ tag: String, _ fields: [String]) -> Bool {
        fields.flatMap { $0.split(separator: ",") }.contains { part in
            let known = part.drop { $0 == " " || $0 == "\t" }.split(separator: " ").first ?? ""
            return known == "*" || known == tag[...] || known == "W/" + tag
        }
    }
}
