/// What AWS gives to somebody who may call it; requests are signed with it (contract providers §8). Never printed.
package struct AWSKey: Equatable, Sendable {
    package let region: String
    /// The name of the service as signatures have it, such as `bedrock`.
    package let service: String
    package let accessKey: String
    package let secretKey: String
    /// Goes with keys that hold for a while only; `nil` for lasting ones.
    package let sessionToken: String?

    package init(region: String, service: String, accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.region = region
        self.service = service
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }
}
