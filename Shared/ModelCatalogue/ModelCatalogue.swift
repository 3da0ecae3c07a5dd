package import JSON

/// One model that the project knows without being told (contract admin-api §7): facts only, it enables nothing.
package struct CatalogueModel: Sendable {
    package let name: String
    package let owner: String
    /// A number of `RelayMode`.
    package let type: Int
    /// Context lengths and capabilities, in the form of contract admin-api §13.6; empty when nothing is known.
    package let config: JSONObject
    /// In the same form; empty when no price is known, which is not a price of nothing.
    package let price: JSONObject
    /// Requests a minute that the vendor allows by default; 0 when unknown.
    package let requestsPerMinute: Int
    /// 0 for the default of the gateway.
    package let retryTimes: Int
    package let timeouts: JSONObject
    package let isExcludedFromTests: Bool
    /// 0 for no limit.
    package let maxImageCount: Int
    /// 0 for no limit.
    package let maxVideoSeconds: Int
    package let allowedResolutions: [String]
    package let sumsUpByServiceTier: Bool
    /// The channel types that offer the model.
    package let channelTypes: Set<Int>
    /// The model's name at channel types that have another one for it, by the number of the type.
    package let upstreamIDs: [Int: String]
}

/// The built-in models: they ride in the binary as text and are read once, when somebody first asks.
package enum ModelCatalogue {
    /// Every built-in model, by owner, type and natural order of the name.
    package static let models: [CatalogueModel] =
        (read(CatalogueData.ownersA) + read(CatalogueData.ownersBToZ)).sorted { left, right in
            if left.owner != right.owner { return left.owner < right.owner }
            if left.type != right.type { return left.type < right.type }
            return NaturalOrder.precedes(left.name, right.name)
        }

    private static let byName: [String: CatalogueModel] = Dictionary(
        models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The built-in model of this name.
    package static func find(_ name: String) -> CatalogueModel? {
        byName[name]
    }

    /// The models that a channel type offers, in the order of ``models``.
    package static func models(ofChannelType type: Int) -> [CatalogueModel] {
        models.filter { $0.channelTypes.contains(type) }
    }

    private static func read(_ lines: String) -> [CatalogueModel] {
        let parser = JSONParser()
        return lines.split(separator: "\n").map { line in
            do throws(JSONError) {
                guard let model = CatalogueModel(try parser.parse(Array(line.utf8))) else {
                    preconditionFailure("a built-in model lacks its name, owner or type: \(line)")
                }
                return model
            } catch {
                preconditionFailure("a built-in model is not JSON: \(line)")
            }
        }
    }
}

/// The text of the catalogue.
enum CatalogueData {}

extension CatalogueModel {
    fileprivate init?(_ value: JSONValue) {
        guard let name = value["model"]?.string, let owner = value["owner"]?.string, let type = value["type"]?.int
        else { return nil }
        self.name = name
        self.owner = owner
        self.type = type
        config = value["config"]?.object ?? JSONObject()
        price = value["price"]?.object ?? JSONObject()
        requestsPerMinute = value["rpm"]?.int ?? 0
        retryTimes = value["retry_times"]?.int ?? 0
        timeouts = value["timeout_config"]?.object ?? JSONObject()
        isExcludedFromTests = value["exclude_from_tests"]?.bool ?? false
        maxImageCount = value["max_image_generation_count"]?.int ?? 0
        maxVideoSeconds = value["max_video_generation_seconds"]?.int ?? 0
        allowedResolutions = value["allowed_resolutions"]?.array?.compactMap(\.string) ?? []
        sumsUpByServiceTier = value["summary_service_tier"]?.bool ?? false
        channelTypes = Set(value["channel_types"]?.array?.compactMap(\.int) ?? [])
        upstreamIDs = (value["upstream_ids"]?.object?.members ?? []).reduce(into: [:]) { ids, member in
            if let type = Int(member.key), let id = member.value.string { ids[type] = id }
        }
    }
}
