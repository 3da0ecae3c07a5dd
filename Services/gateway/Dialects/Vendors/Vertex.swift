package import Contracts

/// Google's Vertex AI (contract providers §9): Gemini in Google's protocol, Claude in Anthropic's, below the address of a project and a region.
package struct Vertex: Vendor {
    package let id = "vertex"

    package init() {}

    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        VendorModes.chat.contains(mode) || mode == .embeddings
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        guard let key = VertexKey(channel.key) else { return nil }
        let isClaude = AnthropicModel(call.model).isClaude
        if case .unusable = key.credential { return unusable(key.credential) }
        guard key.region.utf8.allSatisfy(Self.isRegion) else {
            return unusable(.unusable("the region of its key is none"))
        }
        if isClaude, key.project == nil { return unusable(.unusable("its API key without a project serves no Claude")) }
        let place = Self.place(key, base: channel.base)
        let (path, wire) = isClaude ? Self.claude(call) : Self.gemini(call)
        guard let wire else { return nil }
        return UpstreamRoute(url: place + path, credential: key.credential, wire: wire)
    }

    /// A route that leads nowhere, since the key does not do; it tells why.
    private func unusable(_ credential: Credential) -> UpstreamRoute {
        UpstreamRoute(url: "", credential: credential, wire: Wire(.gemini, GeminiUpstream(.vertex)))
    }

    private static func isRegion(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    // MARK: Addresses

    /// The address up to the publisher: host, project and region.
    private static func place(_ key: VertexKey, base: String) -> String {
        let region = key.region.isEmpty ? "global" : key.region
        let host =
            switch region {
            case "global": "https://aiplatform.googleapis.com"
            case "us", "eu": "https://aiplatform.\(region).rep.googleapis.com"
            default: "https://\(region)-aiplatform.googleapis.com"
            }
        var place = base.isEmpty ? host : base
        if !place.hasSuffix("/v1"), !place.hasSuffix("/v1beta1") { place += "/v1" }
        guard let project = key.project else { return place }
        return place + "/projects/\(PathText.escaped(project))/locations/\(region)"
    }

    private static func claude(_ call: VendorCall) -> (String, Wire?) {
        let path = "/publishers/anthropic/models/"
        guard call.mode != .embeddings else { return ("", nil) }
        if call.family == .anthropic, call.action == AnthropicCountCall.action {
            return (path + "count-tokens:rawPredict", Wire(.anthropic, AnthropicUpstream(.vertexCount)))
        }
        let verb = call.isStream ? "streamRawPredict?alt=sse" : "rawPredict"
        let name = PathText.escaped(claudeName(call.model)).replacing("%40", with: "@")
        return (path + "\(name):\(verb)", Wire(.anthropic, AnthropicUpstream(.vertex)))
    }

    /// Google's name of a Claude model: the date stands behind an `@`.
    static func claudeName(_ model: String) -> String {
        // The second model of this name.
        if model == "claude-3-5-sonnet-20241022" { return "claude-3-5-sonnet-v2@20241022" }
        let date = model.utf8.suffix(9)
        guard date.count == 9, date.first == UInt8(ascii: "-"),
            date.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return model }
        return model.dropLast(9) + "@" + model.suffix(8)
    }

    private static func gemini(_ call: VendorCall) -> (String, Wire?) {
        let path = resource(call.model)
        if call.mode == .embeddings { return (path + ":predict", Wire(embedding: .vendor, VertexEmbeddings())) }
        guard VendorModes.chat.contains(call.mode) else { return ("", nil) }
        let wire = Wire(.gemini, GeminiUpstream(.vertex))
        if call.family == .gemini, call.action == GeminiAction.count.rawValue {
            return (path + ":" + GeminiAction.count.rawValue, wire)
        }
        let verb = call.isStream ? "\(GeminiAction.stream.rawValue)?alt=sse" : GeminiAction.generate.rawValue
        return (path + ":" + verb, wire)
    }

    /// The model as a part of the path: Google's own, or a tuned one by its endpoint (`endpoints/{number}`).
    private static func resource(_ model: String) -> String {
        let name = model.hasPrefix("models/") ? model.dropFirst("models/".count) : model[...]
        if name.hasPrefix("endpoints/") { return "/endpoints/" + PathText.escaped(String(name.dropFirst(10))) }
        return "/publishers/google/models/" + PathText.escaped(String(name))
    }
}
