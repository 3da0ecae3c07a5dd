/// A route of Anthropic's form that a vendor of another protocol has beside its own, for Claude clients (contract providers §10, §12, §13, §21).
package struct AnthropicRoute: Equatable, Sendable {
    /// What the path is appended to.
    package enum Root: Equatable, Sendable {
        /// The channel's address as a whole.
        case base
        /// Its scheme and host.
        case host
    }

    package let root: Root
    /// `{model}` in it becomes the upstream's name of the model.
    package let path: String
    package let auth: AuthScheme
    /// Texts that a model's name must all have for the route to know it; empty for every model.
    package let models: [String]

    init(_ path: String, from root: Root = .base, auth: AuthScheme = .bearer, models: [String] = []) {
        self.root = root
        self.path = path
        self.auth = auth
        self.models = models
    }

    /// The route of a call; `nil` for callers of another protocol, for models that the route does not know, and for counts of tokens.
    ///
    /// - Parameters:
    ///   - key: The part of the channel's key that is the secret.
    ///   - errors: How the vendor's errors are understood.
    func route(_ call: VendorCall, base: String, key: String, errors: VendorErrors) -> UpstreamRoute? {
        guard call.family == .anthropic, call.action == nil else { return nil }
        let name = call.model.lowercased()
        guard models.allSatisfy({ name.contains($0) }) else { return nil }
        let start = root == .base ? base : Self.host(base)
        let model = PathText.escaped(call.model)
        let named = path.split(separator: "{model}", omittingEmptySubsequences: false).joined(separator: model)
        var flavor = AnthropicFlavor.native
        flavor.errors = errors
        return UpstreamRoute(
            url: start + named, credential: auth.credential(key), wire: Wire(.anthropic, AnthropicUpstream(flavor)))
    }

    /// Scheme and host of an address; MiniMax's old host has no such route.
    private static func host(_ base: String) -> String {
        guard let scheme = base.firstRange(of: "://") else { return base }
        let host = String(base[scheme.upperBound...].prefix { $0 != "/" })
        return String(base[..<scheme.upperBound]) + (host == "api.minimax.chat" ? "api.minimaxi.com" : host)
    }
}
