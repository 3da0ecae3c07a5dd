import Contracts
import JSON

/// One setting that can be changed while the services run (contract admin-api §16.2).
package struct Option: Sendable {
    /// What a value must look like.
    package enum Form: Equatable, Sendable {
        /// A whole number; below `least`, the text says why not.
        case integer(least: Int = .min, fault: String = "")
        /// A whole number of 32 bits that is not negative; the text says why not.
        case count(fault: String)
        /// Hours as a whole number; in the environment also a span such as `30d`.
        case hours
        case decimal
        case boolean
        case text
        /// `{"<channel type>":["<model>"]}`
        case modelsByType
        /// `{"<channel type>":{"<model>":"<upstream name>"}}`
        case mappingsByType
        /// `{"<amount>":<ratio>}`, nothing negative.
        case ratiosByLevel
        /// `["<name>"]`
        case names
    }

    package let key: String
    /// The variable that wins over the stored value.
    package let environmentName: String
    /// What the contract shows when nobody sets it.
    package let standard: String
    /// What holds when nobody sets it.
    package let effectiveStandard: String
    package let form: Form

    init(_ key: String, _ environmentName: String, _ standard: String, _ form: Form, effective: String? = nil) {
        self.key = key
        self.environmentName = environmentName
        self.standard = standard
        effectiveStandard = effective ?? standard
        self.form = form
    }

    /// The value in the form in which it is stored.
    ///
    /// - Throws: what is wrong with it, in words that can be shown.
    package func checked(_ text: String) throws(OptionFault) -> String {
        if text.utf8.contains(0) { throw fault("must not contain a NUL character") }
        switch form {
        case .text: return text
        case .boolean: return try boolean(text)
        case .decimal:
            guard let value = Double(text), value.isFinite else { throw fault("\(Self.quoted(text)) is not a number") }
            return text
        case .hours: return String(try integer(text))
        case .integer(let least, let reason):
            let value = try integer(text)
            guard value >= least else { throw OptionFault(reason) }
            return String(value)
        case .count(let reason):
            let value = try integer(text)
            guard value >= 0 else { throw OptionFault(reason) }
            guard value <= Int(Int32.max) else { throw fault("\(value) is greater than \(Int32.max)") }
            return String(value)
        case .modelsByType, .mappingsByType, .ratiosByLevel, .names: return try json(text)
        }
    }

    private func integer(_ text: String) throws(OptionFault) -> Int {
        guard let value = Int(text) else { throw fault("\(Self.quoted(text)) is not a whole number") }
        return value
    }

    private func boolean(_ text: String) throws(OptionFault) -> String {
        switch text.lowercased() {
        case "true", "t", "1", "yes", "on": return "true"
        case "false", "f", "0", "no", "off": return "false"
        default: throw fault("\(Self.quoted(text)) is neither true nor false")
        }
    }

    private func json(_ text: String) throws(OptionFault) -> String {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(Array(text.utf8))
        } catch {
            throw fault("not valid JSON: \(error.message)")
        }
        switch form {
        case .names: try names(value, "")
        case .ratiosByLevel: try ratios(value)
        case .modelsByType: try byType(value) { value, place throws(OptionFault) in try names(value, place) }
        case .mappingsByType: try byType(value) { value, place throws(OptionFault) in try mapping(value, place) }
        default: break
        }
        return String(decoding: value.serialized(), as: UTF8.self)
    }

    private func names(_ value: JSONValue, _ place: String) throws(OptionFault) {
        guard let elements = value.array, elements.allSatisfy({ $0.string != nil }) else {
            throw fault("\(place)expected an array of strings")
        }
    }

    private func mapping(_ value: JSONValue, _ place: String) throws(OptionFault) {
        guard let object = value.object, object.members.allSatisfy({ $0.value.string != nil }) else {
            throw fault("\(place)expected an object of strings")
        }
    }

    private func byType(
        _ value: JSONValue, _ check: (JSONValue, String) throws(OptionFault) -> Void
    ) throws(OptionFault) {
        guard let object = value.object else { throw fault("expected an object with channel types as keys") }
        for member in object.members {
            guard let type = Int(member.key), ChannelType.find(type) != nil else {
                throw fault("invalid channel type: \(member.key)")
            }
            try check(member.value, "\(member.key): ")
        }
    }

    private func ratios(_ value: JSONValue) throws(OptionFault) {
        guard let object = value.object else { throw fault("expected an object of numbers") }
        for member in object.members {
            guard let level = Double(member.key), level.isFinite, let ratio = member.value.double else {
                throw fault("expected numbers as keys and values")
            }
            guard level >= 0 else { throw OptionFault("consume level must be greater than 0") }
            guard ratio >= 0 else { throw OptionFault("rpm ratio must be greater than 0") }
        }
    }

    private func fault(_ reason: String) -> OptionFault {
        OptionFault("\(key): \(reason)")
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.prefix(64))\""
    }
}

/// Why a value cannot be an option's.
package struct OptionFault: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Every option that there is.
package enum OptionTable {
    static let defaultModels = "DefaultChannelModels"
    static let defaultMapping = "DefaultChannelModelMapping"

    /// In the order of the contract.
    package static let all: [Option] = [
        Option("LogStorageHours", "LOG_STORAGE_HOURS", "0", .hours, effective: "720"),
        Option("RetryLogStorageHours", "RETRY_LOG_STORAGE_HOURS", "0", .hours),
        Option("LogDetailStorageHours", "LOG_DETAIL_STORAGE_HOURS", "72", .hours, effective: "1"),
        Option("CleanLogBatchSize", "CLEAN_LOG_BATCH_SIZE", "10000", .integer()),
        Option("SaveAllLogDetail", "SAVE_ALL_LOG_DETAIL", "false", .boolean),
        Option("LogDetailRequestBodyMaxSize", "LOG_DETAIL_REQUEST_BODY_MAX_SIZE", "8192", .integer()),
        Option("LogDetailResponseBodyMaxSize", "LOG_DETAIL_RESPONSE_BODY_MAX_SIZE", "8192", .integer()),
        Option("RetryTimes", "RETRY_TIMES", "0", .count(fault: "retry times must be greater than 0")),
        Option("DisableServe", "DISABLE_SERVE", "false", .boolean),
        Option("IPGroupsThreshold", "IP_GROUPS_THRESHOLD", "0", .integer()),
        Option("IPGroupsBanThreshold", "IP_GROUPS_BAN_THRESHOLD", "0", .integer()),
        Option(defaultModels, "DEFAULT_CHANNEL_MODELS", "{}", .modelsByType),
        Option(defaultMapping, "DEFAULT_CHANNEL_MODEL_MAPPING", "{}", .mappingsByType),
        Option(
            "GroupMaxTokenNum", "GROUP_MAX_TOKEN_NUM", "0",
            .integer(least: 0, fault: "group max token num must be greater than 0")),
        Option("GroupConsumeLevelRatio", "GROUP_CONSUME_LEVEL_RATIO", "{}", .ratiosByLevel),
        Option("NotifyNote", "NOTIFY_NOTE", "", .text),
        Option("DefaultHost", "DEFAULT_HOST", "", .text),
        Option("DefaultMCPHost", "DEFAULT_MCP_HOST", "", .text),
        Option("PublicMCPHost", "PUBLIC_MCP_HOST", "", .text),
        Option("GroupMCPHost", "GROUP_MCP_HOST", "", .text),
        Option("DefaultWarnNotifyErrorRate", "DEFAULT_WARN_NOTIFY_ERROR_RATE", "0.5", .decimal),
        Option("UsageAlertThreshold", "USAGE_ALERT_THRESHOLD", "0", .integer()),
        Option("UsageAlertMinAvgThreshold", "USAGE_ALERT_MIN_AVG_THRESHOLD", "0", .integer()),
        Option("UsageAlertWhitelist", "USAGE_ALERT_WHITELIST", "[]", .names),
        Option(
            "FuzzyTokenThreshold", "FUZZY_TOKEN_THRESHOLD", "0",
            .integer(least: 0, fault: "fuzzy token threshold must be greater than or equal to 0")),
    ]

    private static let byKey: [String: Option] = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// The option of this key.
    package static func find(_ key: String) -> Option? {
        byKey[key]
    }
}
