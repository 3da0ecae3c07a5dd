package import HTTPCore

/// The body of an upstream request, with the fields that belong to the protocol; the address and the credential are the vendor's.
package struct UpstreamBody: Sendable {
    package var bytes: [UInt8]
    package var headers: HTTPHeaders
    /// What the protocol puts into the query, without a question mark; `nil` for nothing.
    package var query: String?
    /// The caller's names of tools that had to be sent under other names, by the sent name; the answer is read with them.
    package var toolNames: [String: String] = [:]
    /// The tokens of the prompt, roughly, for an upstream that may not count them; `nil` where it always does.
    package var promptEstimate: Int?

    package var method: HTTPMethod
    /// What the protocol appends to the path of the address; `nil` for nothing.
    package var suffix: String?

    package init(
        _ bytes: [UInt8], headers: HTTPHeaders = [:], query: String? = nil, method: HTTPMethod = .post,
        suffix: String? = nil
    ) {
        self.bytes = bytes
        self.headers = headers
        self.query = query
        self.method = method
        self.suffix = suffix
    }

    /// The address of the request, made from that of the vendor.
    package func address(_ url: String) -> String {
        var address = url
        if let suffix {
            address.insert(contentsOf: suffix, at: address.firstIndex(of: "?") ?? address.endIndex)
        }
        if let query, !query.isEmpty {
            address += (address.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query
        }
        return address
    }
}
