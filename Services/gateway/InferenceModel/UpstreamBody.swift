package import HTTPCore

/// The body of an upstream request, with the fields that belong to the protocol; the address and the credential are the vendor's.
package struct UpstreamBody: Sendable {
    package var bytes: [UInt8]
    package var headers: HTTPHeaders

    package init(_ bytes: [UInt8], headers: HTTPHeaders = [:]) {
        self.bytes = bytes
        self.headers = headers
    }
}
