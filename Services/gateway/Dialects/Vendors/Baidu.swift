package import Contracts
import HTTPCore
import InferenceModel

/// Baidu's Qianfan of version 2 with an access key and a secret key (contract providers §11.2): OpenAI's protocol, and a token that is fetched with the keys.
package struct BaiduV2: Vendor {
    package let id = "baidu-v2"
    private let protocols = OpenAICompatible(
        "baidu-v2", paths: [.rerank: "/rerankers"],
        traits: OpenAICompatible.qianfan.traits.with { $0.modelName = .baidu }, adapt: OpenAICompatible.qianfan.adapt)

    package init() {}

    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool { protocols.serves(mode, of: type) }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        guard let (access, secret) = BaiduKeys.parts(channel.key), let route = protocols.route(call, channel) else {
            return nil
        }
        var grant = TokenGrant(
            address: "\(Self.issuer(channel.base))/v1/BCE-BEARER/token?expireInSeconds=\(Self.lifetime)",
            request: .signed(BCEKeys(accessKey: access, secretKey: secret)))
        grant.tokenMember = "token"
        grant.assumedLifetime = Self.lifetime
        return UpstreamRoute(url: route.url, credential: .token(grant), wire: route.wire)
    }

    /// For how many seconds a token is asked for.
    private static let lifetime = 86_400

    /// Who gives the tokens: Baidu, or the host of an address that is none of Baidu's and stands in for it.
    private static func issuer(_ base: String) -> String {
        let parts = base.split(separator: "/", omittingEmptySubsequences: false)
        let host = parts.count > 2 ? parts[2] : ""
        guard !host.isEmpty, !host.hasSuffix("baidubce.com") else { return "https://iam.bj.baidubce.com" }
        return parts[..<3].joined(separator: "/")
    }
}

/// Baidu's Wenxin of version 1 (contract providers §11.1): each model has an address of its own, the token stands in the query.
package struct BaiduV1: Vendor {
    package let id = "baidu-v1"

    package init() {}

    /// Pictures are not served.
    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        VendorModes.chat.contains(mode) || mode == .embeddings || mode == .rerank
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        guard let (id, secret) = BaiduKeys.parts(channel.key) else { return nil }
        let (kind, wire): (String, Wire)
        switch call.mode {
        case .embeddings: (kind, wire) = ("embeddings", Wire(embedding: .vendor, BaiduV1Embeddings()))
        case .rerank: (kind, wire) = ("reranker", Wire(rerank: BaiduV1Rerank()))
        case let mode where VendorModes.chat.contains(mode):
            (kind, wire) = ("chat", Wire(.vendor, BaiduV1Upstream()))
        default: return nil
        }
        let query =
            "grant_type=client_credentials&client_id=\(PathText.escaped(id))&client_secret=\(PathText.escaped(secret))"
        var grant = TokenGrant(
            address: "\(channel.base)/oauth/2.0/token?\(query)", request: .plain(.post),
            placement: .query("access_token"))
        grant.margin = .seconds(600)
        grant.expiredCodes = BaiduFault.expired
        let endpoint = PathText.escaped(Self.endpoint(call.model))
        return UpstreamRoute(
            url: "\(channel.base)/rpc/2.0/ai_custom/v1/wenxinworkshop/\(kind)/\(endpoint)",
            credential: .token(grant), wire: wire)
    }

    private static let endpoints = [
        "ernie-4.0-8k": "completions_pro", "ernie-4.0": "completions_pro", "ernie-bot-4": "completions_pro",
        "ernie-3.5-8k": "completions", "ernie-bot": "completions", "ernie-bot-turbo": "eb-instant",
        "ernie-lite-8k-0922": "eb-instant", "ernie-speed": "ernie_speed", "ernie-speed-8k": "ernie_speed",
        "ernie-bot-8k": "ernie_bot_8k", "ernie-lite-8k-0308": "ernie-lite-8k", "bge-large-zh": "bge_large_zh",
        "bge-large-en": "bge_large_en", "tao-8k": "tao_8k", "bce-reranker-base_v1": "bce_reranker_base",
    ]

    /// The last part of a model's address.
    private static func endpoint(_ model: String) -> String {
        let name = model.lowercased()
        return endpoints[name] ?? name
    }
}

/// The two parts of Baidu's keys.
enum BaiduKeys {
    static func parts(_ key: String) -> (String, String)? {
        let parts = key.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (parts[0], parts[1])
    }
}
