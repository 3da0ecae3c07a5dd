import Dialects
import InferenceModel
import JSON

extension RelayError {
    /// The error in OpenAI's form: `{"error":{message,type,code,param}}`.
    ///
    /// An upstream's own type, code and param are kept; the gateway's are of its closed set.
    package func openAIBody(requestID: String) -> [UInt8] {
        switch self {
        case .upstream(let error, _):
            return error.body(requestID: requestID)
        case .caller(let code, let message, let field):
            return Self.body("invalid_request_error", code, message, field)
        case .refused(let code, let message):
            return Self.body("invalid_request_error", code, message, nil)
        case .ours(let code, let message):
            return Self.body("server_error", code, message, nil)
        }
    }

    private static func body(_ type: String, _ code: Code, _ message: String, _ param: String?) -> [UInt8] {
        var writer = JSONWriter(reserving: 192 + message.utf8.count)
        writer.object { root in
            root.key("error")
            root.object { error in
                error.field("message", message)
                error.field("type", type)
                error.key("param")
                if let param { error.string(param) } else { error.null() }
                error.field("code", code.rawValue)
            }
        }
        return writer.bytes
    }
}
