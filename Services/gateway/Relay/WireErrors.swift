import Dialects
package import InferenceModel

extension RelayError {
    /// The error without the shape of a protocol.
    package func wire(requestID: String) -> WireError {
        switch self {
        case .upstream(let error, let code):
            WireError(
                status: error.status, message: error.message, upstream: error, code: code.rawValue, requestID: requestID
            )
        case .caller(let code, let message, let field):
            WireError(status: status, message: message, code: code.rawValue, field: field, requestID: requestID)
        case .refused(let code, let message), .ours(let code, let message):
            WireError(status: status, message: message, code: code.rawValue, requestID: requestID)
        }
    }

    /// The body of the error in OpenAI's form.
    package func openAIBody(requestID: String) -> [UInt8] {
        OpenAIErrors.body(wire(requestID: requestID))
    }
}
