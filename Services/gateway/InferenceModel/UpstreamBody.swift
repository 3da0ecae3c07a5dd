package import HTTPCore

/// The body of an upstream request, with the fields that belong to the protocol; the address and the credential are the vendor's.
package struct UpstreamBody: Sendable {
    package var bytes: [UInt8]
    package var headers: HTTPHeaders
    /// What the protocol puts into the query, without a question mark; `nil` for nothing.
    package var query: String?
    /// The caller's names of tools that had to be sent under other names, by the sent name; the answer is read with them.
    package var toolNames: [String: String] = [:]

    package init(_ bytes: [UInt8], headers: HTTPHeaders = [:], query: String? = nil) {
        self.bytes = bytes
        self.headers = headers
        self.query = query
    }
}
