import HTTPCore
package import HTTPServer
import JSON

/// What the gateway's server answers by itself, to requests that no handler saw or answered.
package enum ServerRefusal {
    /// An answer that both worlds read, since a head that cannot be parsed says nothing of its route: OpenAI's `error` beside the envelope's `message` and `success`.
    package static func make(_ fault: ServerFault, id: String) -> Refusal {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.field("message", fault.message)
                writer.field("type", fault.status.code < 500 ? "invalid_request_error" : "server_error")
                writer.field("code", fault.code)
            }
            writer.field("message", fault.message)
            writer.field("success", false)
        }
        return Refusal(
            status: fault.status, headers: ["content-type": "application/json; charset=utf-8", "x-request-id": id],
            body: writer.bytes)
    }
}
