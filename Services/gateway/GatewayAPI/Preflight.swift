import HTTPCore
import HTTPServer

/// Answers a browser that asks whether a page of another origin may call the gateway: any may (contract relay §1.1).
enum Preflight {
    static let answer: Handler = { request, writer in
        try writer.respond(
            .noContent,
            [
                "access-control-allow-origin": "*",
                "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
                "access-control-allow-headers": request.head.headers.first("access-control-request-headers") ?? "*",
                "access-control-max-age": "86400",
            ], [])
    }
}
