import Contracts
import JSON

extension ChannelType.ConfigField {
    /// Says what is wrong with a value of this member; `nil` when it is of its kind. `null` is as good as none.
    func fault(_ value: JSONValue) -> String? {
        if value.isNull { return nil }
        let isRight =
            switch kind {
            case .boolean: value.bool != nil
            case .string: value.string != nil
            case .integer: value.int != nil
            case .number: value.double != nil
            case .array: value.array?.allSatisfy { $0.string != nil } ?? false
            case .object: value.object != nil
            }
        guard isRight else { return "expected \(phrase), got \(value.kind.phrase)" }
        if let text = value.string, !choices.isEmpty, !choices.contains(text) {
            return "expected one of \(choices.joined(separator: ", "))"
        }
        return nil
    }

    private var phrase: String {
        switch kind {
        case .boolean: "a boolean"
        case .string: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .array: "an array of strings"
        case .object: "an object"
        }
    }
}
