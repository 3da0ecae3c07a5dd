import ModelCatalogue

/// What Bedrock calls a model in a region (contract providers §8).
enum BedrockModel {
    /// The number of the channel type.
    private static let type = 33

    /// The id for the address: one that Bedrock gave passes as it is, Claude's other names become the inference profile of the region where there is one.
    ///
    /// - Parameter model: A name of Anthropic's, an id, an inference profile or an ARN.
    static func id(_ model: String, region: String) -> String {
        if model.hasPrefix("arn:") { return model }
        let id = known(model) ?? (model.hasPrefix("claude-") ? "anthropic." + model : model)
        guard id.hasPrefix("anthropic.claude-"), let geography = geography(region), has(geography, id) else {
            return id
        }
        return geography + id
    }

    /// The id of a model that is known; a name without its date means the newest of that name.
    private static func known(_ model: String) -> String? {
        if let id = ModelCatalogue.find(model)?.upstreamIDs[type] { return id }
        guard model.hasPrefix("claude-") else { return nil }
        let dated = ModelCatalogue.models(ofChannelType: type).filter { one in
            guard one.name.hasPrefix(model + "-") else { return false }
            let rest = one.name.dropFirst(model.count + 1)
            return rest.count == 8 && rest.allSatisfy(\.isNumber)
        }
        return dated.max { $0.name < $1.name }?.upstreamIDs[type]
    }

    /// What profiles of a region begin with; `nil` where there are none.
    private static func geography(_ region: String) -> String? {
        if region.hasPrefix("us-gov-") { return "us-gov." }
        if region.hasPrefix("us-") { return "us." }
        if region.hasPrefix("eu-") { return "eu." }
        return region.hasPrefix("ap-") ? "apac." : nil
    }

    /// Whether a model has a profile in a geography; those since Claude 4.5 have one in each.
    private static func has(_ geography: String, _ id: String) -> Bool {
        let model = AnthropicModel(id)
        guard let version = model.version else { return !id.contains("claude-instant") }
        func isFamily(_ name: String) -> Bool { model.name.contains(name) }
        let isUnited = geography == "us."
        switch (version.major, version.minor) {
        case (..<3, _): return false
        case (3, 0), (4, 0), (4, 1): return isUnited || !isFamily("opus")
        case (3, 5):
            if isFamily("haiku") { return isUnited }
            return !id.contains("20241022") || isUnited || geography == "apac."
        default: return true
        }
    }
}
