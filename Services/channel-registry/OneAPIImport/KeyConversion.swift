/// Writes a key of One API in the form that our type wants. Pure; never quotes a key.
struct KeyConversion {
    enum Outcome: Equatable {
        /// The key, and what was done to it; `nil` for nothing.
        case key(String, change: String?)
        /// The key cannot be used here: the channel is kept without it, disabled.
        case needsNew(String)
    }

    let form: OneAPIType.KeyForm
    let config: OneAPIConfig

    func convert(_ key: String) -> Outcome {
        switch form {
        case .same: .key(key, change: nil)
        case .azure: azure(key)
        case .xunfeiSocket: xunfei(key)
        case .tencentSigned: tencent(key)
        case .aws: aws(key)
        case .coze: joined(key, config.userID, "its user id was joined to the key") { "\($0)|\($1)" }
        case .cloudflare: joined(key, config.userID, "its account id was joined to the key") { "\($1)|\($0)" }
        case .vertex: vertex(key)
        }
    }

    private func azure(_ key: String) -> Outcome {
        guard !key.isEmpty, !key.contains("|"), !config.apiVersion.isEmpty else { return .key(key, change: nil) }
        return .key("\(key)|\(config.apiVersion)", change: "its API version was joined to the key")
    }

    private func xunfei(_ key: String) -> Outcome {
        let parts = key.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts.contains(where: \.isEmpty) else { return .key(key, change: nil) }
        return .key(
            "\(parts[2]):\(parts[1])",
            change: "its key for the retired WebSocket API was rewritten as APIKey:APISecret of the HTTP API")
    }

    private func tencent(_ key: String) -> Outcome {
        guard key.contains("|") else { return .key(key, change: nil) }
        return .needsNew(
            "its key AppId|SecretId|SecretKey is for Tencent's signed API; enter an API key of Hunyuan and enable it")
    }

    private func aws(_ key: String) -> Outcome {
        let change = "its key was rewritten as region|ak|sk"
        let parts = key.split(separator: "|", omittingEmptySubsequences: false).map { String($0).trimmedWord }
        if parts.count == 3 { return .key("\(parts[2])|\(parts[0])|\(parts[1])", change: change) }
        let stored = [config.region, config.accessKey, config.secretKey]
        guard key.isEmpty, !stored.contains(where: \.isEmpty) else { return .key(key, change: nil) }
        return .key(stored.joined(separator: "|"), change: "its key was made from region, ak and sk of its config")
    }

    private func joined(
        _ key: String, _ other: String, _ change: String, _ join: (String, String) -> String
    ) -> Outcome {
        guard !key.isEmpty, !other.isEmpty, !key.contains("|") else { return .key(key, change: nil) }
        return .key(join(key, other), change: change)
    }

    private func vertex(_ key: String) -> Outcome {
        let parts = key.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 3, parts[2].trimmedWord.hasPrefix("{") {
            return .key(
                "\(parts[0])|\(parts[2].trimmedWord)", change: "its key was rewritten as region|service account")
        }
        let account = key.hasPrefix("{") ? key : key.isEmpty ? config.serviceAccount : ""
        guard !account.isEmpty else { return .key(key, change: nil) }
        return .key("\(config.region)|\(account)", change: "its key was made from the parts in its config")
    }
}

/// What `config` and the older column `other` of a channel hold.
struct OneAPIConfig: Equatable {
    var region = ""
    var accessKey = ""
    var secretKey = ""
    var userID = ""
    var apiVersion = ""
    var plugin = ""
    var serviceAccount = ""
}

extension String {
    /// The text without spaces and tabs at both ends.
    fileprivate var trimmedWord: String {
        let from = drop { $0 == " " || $0 == "\t" }
        guard let last = from.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(from[...last])
    }
}
