extension LossTable {
    /// The text of `Services/gateway/Dialects/LOSSES.md`: two tables over all features, and what `~` means for each target.
    package static var document: String {
        let targets = LossTarget.allCases.filter { target in rows.contains { $0.target == target } }
        var text = """
            # What conversions lose

            Written by `DialectsTests` from `InferenceModel/LossTable*.swift`; do not edit. To write it anew: `GOLDEN=write swift test --filter LossTableTests`.
            Between two sides of one protocol the bytes pass, and nothing is lost. In the tables `✓` is kept, `~` is changed, `–` is dropped.
            What one vendor or model refuses beside (a temperature for a model that thinks, log probabilities) is left out for it alone.

            """
        text += "\n## Requests\n\n" + table(LossFeature.allCases.filter { !$0.isAnswer }, targets)
        text += "\n## Answers\n\n" + table(LossFeature.allCases.filter(\.isAnswer), targets)
        for target in targets {
            text += "\n## Changed for \(target.rawValue)\n\n"
            for feature in LossFeature.allCases {
                guard case .changed(let how) = effect(of: feature, in: target) else { continue }
                text += "- \(feature.rawValue): \(how)\n"
            }
        }
        return text
    }

    private static func table(_ features: [LossFeature], _ targets: [LossTarget]) -> String {
        var text = "| |" + targets.map { " \($0.rawValue) |" }.joined() + "\n|---|"
        text += String(repeating: ":-:|", count: targets.count) + "\n"
        for feature in features {
            text += "| \(feature.rawValue) |"
            for target in targets {
                switch effect(of: feature, in: target) {
                case .kept: text += " ✓ |"
                case .changed: text += " ~ |"
                case .dropped: text += " – |"
                }
            }
            text += "\n"
        }
        return text
    }
}
