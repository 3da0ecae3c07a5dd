/// An error on its way to the caller, before its protocol gives it a shape.
package struct WireError: Equatable, Sendable {
    /// The status of the answer; inside a stream what it would have been.
    package var status: Int
    package var message: String
    /// An upstream's own type and code, where it speaks the caller's protocol; `nil` for the gateway's.
    package var upstream: UpstreamError?
    /// The gateway's code of a closed set.
    package var code: String
    /// The member of the request at fault.
    package var field: String?
    package var requestID: String

    package init(
        status: Int, message: String, upstream: UpstreamError? = nil, code: String, field: String? = nil,
        requestID: String
    ) {
        self.status = status
        self.message = message
        self.upstream = upstream
        self.code = code
        self.field = field
        self.requestID = requestID
    }
}
