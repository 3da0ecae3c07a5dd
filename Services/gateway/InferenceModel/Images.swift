package import Contracts
package import JSON

/// Pictures to be made from a text, in the neutral shape (contract providers §3.8).
package struct ImageRequest: Sendable {
    package var model: String
    package var prompt: String
    /// How many; `nil` for one.
    package var count: Int?
    /// Such as `1024x1024`; `nil` for the model's own, also where the caller said `auto`.
    package var size: String?
    /// The caller's whole body, for what only some vendors know.
    package var members: JSONObject

    package init(model: String, prompt: String, members: JSONObject = JSONObject()) {
        self.model = model
        self.prompt = prompt
        self.members = members
    }
}

/// Pictures that were made.
package struct ImageResponse: Equatable, Sendable {
    /// Where they are, in order.
    package var addresses: [String]
    /// `nil` when the upstream told nothing.
    package var usage: TokenUsage?
    /// The upstream's id; empty when it gave none.
    package var id: String

    package init(addresses: [String], usage: TokenUsage? = nil, id: String = "") {
        self.addresses = addresses
        self.usage = usage
        self.id = id
    }
}
