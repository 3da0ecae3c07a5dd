import Contracts
import RegistryStore
import Testing

@Suite("Options")
struct OptionTests {
    private func checked(_ key: String, _ text: String) -> Result<String, OptionFault> {
        guard let option = OptionTable.find(key) else {
            Issue.record("there is no option \(key)")
            return .success("")
        }
        return Result { () throws(OptionFault) in try option.checked(text) }
    }

    @Test("every option of the contract is there once, with a default of its own form")
    func table() {
        #expect(OptionTable.all.count == 25)
        #expect(Set(OptionTable.all.map(\.environmentName)).count == 25)
        for option in OptionTable.all {
            #expect((try? option.checked(option.standard)) == option.standard, "\(option.key)")
        }
        #expect(OptionTable.find("retrytimes") == nil)
    }

    @Test(
        "a value of the right form is stored in one spelling",
        arguments: [
            ("RetryTimes", "03", "3"), ("LogStorageHours", "-1", "-1"), ("SaveAllLogDetail", "TRUE", "true"),
            ("SaveAllLogDetail", "0", "false"), ("NotifyNote", " a\n", " a\n"),
            ("UsageAlertWhitelist", #"[ "a" ]"#, #"["a"]"#),
            ("DefaultWarnNotifyErrorRate", "0.25", "0.25"),
            ("GroupConsumeLevelRatio", #"{"0":1,"10.5":2}"#, #"{"0":1,"10.5":2}"#),
            ("DefaultChannelModels", #"{"1": ["a"]}"#, #"{"1":["a"]}"#),
            ("DefaultChannelModelMapping", #"{"14":{"a":"b"}}"#, #"{"14":{"a":"b"}}"#),
        ])
    func good(key: String, text: String, stored: String) {
        #expect(checked(key, text) == .success(stored))
    }

    @Test(
        "a value of another form is refused with a reason",
        arguments: [
            ("RetryTimes", "-1", "retry times must be greater than 0"),
            ("RetryTimes", "x", #"RetryTimes: "x" is not a whole number"#),
            ("RetryTimes", "2147483648", "RetryTimes: 2147483648 is greater than 2147483647"),
            ("GroupMaxTokenNum", "-1", "group max token num must be greater than 0"),
            ("FuzzyTokenThreshold", "-1", "fuzzy token threshold must be greater than or equal to 0"),
            ("SaveAllLogDetail", "maybe", #"SaveAllLogDetail: "maybe" is neither true nor false"#),
            ("DefaultWarnNotifyErrorRate", "nan", #"DefaultWarnNotifyErrorRate: "nan" is not a number"#),
            ("NotifyNote", "a\0", "NotifyNote: must not contain a NUL character"),
            ("UsageAlertWhitelist", "[1]", "UsageAlertWhitelist: expected an array of strings"),
            ("GroupConsumeLevelRatio", #"{"-1":1}"#, "consume level must be greater than 0"),
            ("GroupConsumeLevelRatio", #"{"1":-1}"#, "rpm ratio must be greater than 0"),
            ("GroupConsumeLevelRatio", #"{"a":1}"#, "GroupConsumeLevelRatio: expected numbers as keys and values"),
            ("DefaultChannelModels", "[]", "DefaultChannelModels: expected an object with channel types as keys"),
            ("DefaultChannelModels", #"{"2":[]}"#, "DefaultChannelModels: invalid channel type: 2"),
            ("DefaultChannelModels", #"{"1":"a"}"#, "DefaultChannelModels: 1: expected an array of strings"),
            (
                "DefaultChannelModelMapping", #"{"1":{"a":1}}"#,
                "DefaultChannelModelMapping: 1: expected an object of strings"
            ),
        ])
    func bad(key: String, text: String, reason: String) {
        #expect(checked(key, text).failure?.description == reason)
    }

    @Test("text that is not JSON is refused where JSON is wanted")
    func notJSON() {
        #expect(
            checked("DefaultChannelModels", "{").failure?.description.hasPrefix(
                "DefaultChannelModels: not valid JSON: ") == true)
        #expect(checked("DefaultChannelModels", "").failure != nil)
    }

    @Test("defaults stand in only for what a channel leaves empty")
    func defaults() {
        let defaults = ChannelDefaults(options: [
            "DefaultChannelModels": #"{"1":["a"]}"#, "DefaultChannelModelMapping": #"{"1":{"a":"b"}}"#,
        ])
        #expect(defaults == ChannelDefaults(models: [1: ["a"]], mappings: [1: ["a": "b"]]))
        let own = SnapshotChannel(id: 1, type: 1, name: "", models: ["m"], modelMapping: ["m": "n"])
        #expect(defaults.applied(to: own) == own && !defaults.concern(own))
        let half = defaults.applied(to: SnapshotChannel(id: 1, type: 1, name: "", models: ["m"]))
        #expect(half.models == ["m"] && half.modelMapping == ["a": "b"])
        #expect(defaults.applied(to: SnapshotChannel(id: 1, type: 14, name: "")).models.isEmpty)
        #expect(ChannelDefaults(options: [:]) == ChannelDefaults())
    }
}

extension Result {
    fileprivate var failure: Failure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}
