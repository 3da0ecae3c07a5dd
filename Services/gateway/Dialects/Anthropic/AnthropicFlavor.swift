package import InferenceModel
import JSON

/// What differs between the places that speak Anthropic's protocol: Anthropic itself, Bedrock, Vertex, vendors with a route of that form (contract providers §4.1, §8, §9).
package struct AnthropicFlavor: Equatable, Sendable {
    /// What becomes of the betas of a caller.
    package enum Betas: Equatable, Sendable {
        /// Those that the model takes, in the header.
        case byModel
        /// All, in the header.
        case all
        /// Those that the model takes but these, in the header.
        case headerWithout(Set<String>)
        /// Those that the model takes but these, in the body's `anthropic_beta`.
        case bodyWithout(Set<String>)
    }

    /// What becomes of `context_management`.
    package enum ContextManagement: Equatable, Sendable {
        /// It passes, or what the channel's configuration leaves of it.
        case configured
        case dropped
        /// Edits of these types pass; nothing for models whose name contains one of the texts.
        case only(Set<String>, notFor: [String])
    }

    /// `anthropic_version` of the body; `nil` where the version is a header.
    package var bodyVersion: String?
    /// Whether the body names the model; else the address does.
    package var sendsModel = true
    /// Whether the model in the body has Google's name.
    package var hasGoogleNames = false
    /// Whether the body has `stream`; else the address says it.
    package var sendsStream = true
    package var betas = Betas.byModel
    package var contextManagement = ContextManagement.configured
    /// Whether `cache_control` may keep its `ttl`.
    package var keepsCacheTTL = false
    /// Whether tools may keep `input_examples` and `defer_loading`, as far as the channel's configuration does not drop them.
    package var takesToolExtras = true
    /// Whether the class of service can be asked for.
    package var takesServiceTier = true
    /// Whether streams come in Amazon's frames; else as server-sent events.
    package var streamsFrames = false
    /// Whether the vendor runs tools of its own, such as web search.
    package var runsTools = true
    /// How errors are understood beyond Anthropic's own.
    package var errors = VendorErrors.openAI
    /// The media whose addresses are not taken.
    package var inlinedMedia: Set<Media.Kind> = []

    package init() {}

    /// Anthropic's own service.
    package static let anthropic: Self = {
        var flavor = Self()
        flavor.keepsCacheTTL = true
        return flavor
    }()

    /// Somebody else behind Anthropic's form of address: nothing is known of what it takes beyond the protocol.
    package static let compatible = Self()

    /// A vendor's own route for Claude clients; betas pass as they are.
    package static let native: Self = {
        var flavor = Self()
        flavor.betas = .all
        return flavor
    }()

    /// AWS Bedrock: version and betas in the body, model and streaming in the address.
    package static let bedrock: Self = {
        var flavor = Self()
        flavor.bodyVersion = "bedrock-2023-05-31"
        flavor.sendsModel = false
        flavor.sendsStream = false
        flavor.betas = .bodyWithout(refusedByClouds)
        flavor.contextManagement = .only(
            ["clear_tool_uses_20250919", "clear_thinking_20251015"], notFor: ["4-6", "4.6"])
        flavor.takesToolExtras = false
        flavor.takesServiceTier = false
        flavor.streamsFrames = true
        flavor.errors = .bedrock
        flavor.runsTools = false
        flavor.inlinedMedia = [.image, .document]
        return flavor
    }()

    /// Google Vertex: version in the body, betas in the header, model in the address.
    package static let vertex: Self = {
        var flavor = Self()
        flavor.bodyVersion = "vertex-2023-10-16"
        flavor.sendsModel = false
        flavor.betas = .headerWithout(refusedByClouds.union(["context-management-2025-06-27"]))
        flavor.contextManagement = .dropped
        flavor.takesToolExtras = false
        flavor.inlinedMedia = [.image, .document]
        return flavor
    }()

    /// Google Vertex's count of tokens, whose address names no model.
    package static let vertexCount: Self = {
        var flavor = vertex
        flavor.sendsModel = true
        flavor.hasGoogleNames = true
        return flavor
    }()

    private static let refusedByClouds: Set<String> = [
        "tool-examples-2025-10-29", "prompt-caching-scope-2026-01-05", "advanced-tool-use-2025-11-20",
    ]

    /// The betas of a caller that go on, in order, each once.
    func passing(_ asked: [String], _ model: AnthropicModel) -> [String] {
        var seen: Set<String> = []
        return asked.filter { beta in
            guard seen.insert(beta).inserted else { return false }
            switch betas {
            case .all: return true
            case .byModel: return model.takes(beta: beta)
            case .headerWithout(let refused), .bodyWithout(let refused):
                return model.takes(beta: beta) && !refused.contains(beta)
            }
        }
    }
}

/// The members of a channel's `configs` that concern this protocol.
struct AnthropicConfig {
    let dropsContextManagement: Bool
    /// The edits that pass; empty for all.
    let contextEdits: Set<String>
    let dropsToolExamples: Bool
    let dropsDeferLoading: Bool

    init(_ configs: JSONObject) {
        dropsContextManagement = configs["disable_context_management"]?.bool ?? false
        contextEdits = Set(
            (configs["supported_context_management_edits_type"]?.array ?? []).compactMap(\.string))
        dropsToolExamples = configs["remove_tools_examples"]?.bool ?? false
        dropsDeferLoading = configs["remove_tools_custom_defer_loading"]?.bool ?? false
    }
}
