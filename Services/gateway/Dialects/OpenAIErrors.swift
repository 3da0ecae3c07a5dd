package import InferenceModel
import JSON

/// Errors in OpenAI's form: `{"error":{message,type,param,code}}`.
package enum OpenAIErrors {
    /// The body of an error answer or of an error event.
    ///
    /// An upstream's own type, code and param are kept, and the request id stands under the reference's key (contract relay §1.6).
    package static func body(_ error: WireError) -> [UInt8] {
        var writer = JSONWriter(reserving: 256 + error.message.utf8.count)
        writer.object { root in
            root.key("error")
            root.object { member in
                member.field("message", error.message)
                if let upstream = error.upstream {
                    member.field("type", upstream.type)
                    member.field("param", upstream.param)
                    member.field("code", upstream.code)
                } else {
                    member.field("type", error.status < 500 ? "invalid_request_error" : "server_error")
                    member.key("param")
                    if let field = error.field { member.string(field) } else { member.null() }
                    member.field("code", error.code)
                }
            }
            if error.upstream != nil { root.field("aiproxy", error.requestID) }
        }
        return writer.bytes
    }
}
