/// Where a setting came from, in the order of precedence.
package enum ConfigOrigin: String, Sendable {
    /// `--name=value` on the command line.
    case argument
    /// An environment variable.
    case environment
    /// The file that `NAME_FILE` points at.
    case secretFile = "secret file"
    /// The configuration file.
    case file
    /// Nobody said anything.
    case standard = "default"
}

/// Reads the text forms that settings come in. Pure.
enum ConfigSource {
    /// Settings from arguments of the form `--some-name=value` or `--some-name value`; names become `SOME_NAME`.
    static func arguments(_ arguments: [String]) -> (values: [String: String], problems: [ConfigProblem]) {
        var values: [String: String] = [:]
        var problems: [ConfigProblem] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.count > 2 else {
                problems.append(ConfigProblem(argument, "is not an argument of the form --name=value"))
                continue
            }
            let body = argument.dropFirst(2)
            let name: String
            let value: String
            if let equals = body.firstIndex(of: "=") {
                name = settingName(body[..<equals])
                value = String(body[body.index(after: equals)...])
            } else if let next = rest.first, !next.hasPrefix("--") {
                name = settingName(body)
                value = next
                rest.removeFirst()
            } else {
                problems.append(ConfigProblem(argument, "needs a value, as in \(argument)=value"))
                continue
            }
            if values.updateValue(value, forKey: name) != nil {
                problems.append(ConfigProblem(argumentName(name), "is given twice"))
            }
        }
        return (values, problems)
    }

    /// Settings from a file of `NAME=value` lines; `#` starts a comment line, a value may stand in double quotes.
    static func file(_ text: String, path: String) -> (values: [String: String], problems: [ConfigProblem]) {
        var values: [String: String] = [:]
        var problems: [ConfigProblem] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, rawLine) in lines.enumerated() {
            let line = trimmed(rawLine)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                problems.append(ConfigProblem("\(path):\(index + 1)", "is not a line of the form NAME=value"))
                continue
            }
            let name = String(trimmed(line[..<equals]))
            var value = trimmed(line[line.index(after: equals)...])
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                value = value.dropFirst().dropLast()
            }
            if values.updateValue(String(value), forKey: name) != nil {
                problems.append(ConfigProblem("\(path):\(index + 1)", "gives \(name) a second time"))
            }
        }
        return (values, problems)
    }

    /// `SOME_NAME` as it is written on the command line: `--some-name`.
    static func argumentName(_ setting: String) -> String {
        "--" + setting.lowercased().replacing("_", with: "-")
    }

    private static func settingName(_ argument: Substring) -> String {
        argument.uppercased().replacing("-", with: "_")
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return text
    }
}
