package import JSON

/// The object around every admin answer: `data`, `message` and `success` (contract admin-api §1.2).
package enum AdminEnvelope {
    /// The content type of every admin answer.
    package static let contentType = "application/json; charset=utf-8"

    /// A success without payload.
    package static let empty = Array(#"{"success":true}"#.utf8)

    /// A success whose `data` is the one value that `write` appends.
    package static func success(_ write: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { writer in
            writer.key("data")
            try write(&writer)
            writer.field("success", true)
        }
        return writer.bytes
    }

    /// A failure; FastGPT shows the message.
    package static func failure(_ message: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("message", message)
            writer.field("success", false)
        }
        return writer.bytes
    }
}
