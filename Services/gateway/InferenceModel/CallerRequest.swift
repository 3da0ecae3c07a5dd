package import Contracts
package import HTTPCore
package import JSON

/// A caller's request before its protocol was read.
package struct CallerRequest: Sendable {
    package var mode: RelayMode
    package var body: [UInt8]
    /// The model that the path names (Gemini); `nil` where the body names it.
    package var pathModel: String?
    /// What the path asks to be done (`streamGenerateContent`); `nil` where the path is the whole story.
    package var action: String?
    /// The caller's headers; dialects read only those of their own protocol (`anthropic-version`, `anthropic-beta`).
    package var headers: HTTPHeaders
    /// The raw query, without its question mark.
    package var query: String?

    package init(
        mode: RelayMode, body: [UInt8], pathModel: String? = nil, action: String? = nil, headers: HTTPHeaders = [:],
        query: String? = nil
    ) {
        self.mode = mode
        self.body = body
        self.pathModel = pathModel
        self.action = action
        self.headers = headers
        self.query = query
    }
}

/// What a dialect may know of the channel and the moment when it writes to an upstream and reads its answer. No secret among it.
package struct UpstreamContext: Sendable {
    package var mode: RelayMode
    package var channelType: ChannelType
    /// The upstream's name of the model.
    package var upstreamModel: String
    /// The name that the caller used; answers carry it.
    package var requestedModel: String
    /// The channel's `configs`; an empty object when there are none.
    package var configs: JSONObject
    /// Unix seconds; dialects read no clock.
    package var now: Int
    /// Random text of 24 letters and digits for ids that the caller's protocol wants and the upstream does not give.
    package var nonce: String
    /// The caller's names of tools that were sent under other names (`UpstreamBody.toolNames`); empty while a request is written.
    package var toolNames: [String: String] = [:]
    /// The tokens of the prompt as `UpstreamBody.promptEstimate` has them.
    package var promptEstimate: Int?
    /// The upstream's id of the stored thing that the call goes on from.
    package var storedID: String?
    /// Turns an upstream's id of something that it keeps into one for the caller, that leads back to the channel; `nil` where nothing is kept.
    package var sealID: (@Sendable (String) -> String)?
    /// The id under which a response that is written here can be fetched again; `nil` for one that nobody keeps.
    package var keptID: String?

    package init(
        mode: RelayMode = .chatCompletions, channelType: ChannelType, upstreamModel: String, requestedModel: String,
        configs: JSONObject = JSONObject(), now: Int = 0, nonce: String = ""
    ) {
        self.mode = mode
        self.channelType = channelType
        self.upstreamModel = upstreamModel
        self.requestedModel = requestedModel
        self.configs = configs
        self.now = now
        self.nonce = nonce
    }

    /// A tool's name as the caller knows it.
    package func callersName(ofTool name: String) -> String {
        toolNames.isEmpty ? name : toolNames[name] ?? name
    }
}
