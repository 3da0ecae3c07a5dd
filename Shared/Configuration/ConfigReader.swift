package import Telemetry

/// Reads settings by name and collects everything that is wrong with them.
///
/// Precedence: argument, environment variable, `NAME_FILE` (secrets only), configuration file (`--config FILE` or
/// `CONFIG`), default. An empty value counts as not given, since compose files pass empty variables. A reading that
/// fails notes a problem and returns a stand-in; ``finish()`` throws all problems at once, among them arguments and
/// file keys which nobody asked for. Unknown environment variables are others' business.
package struct ConfigReader: Sendable {
    /// One setting as it took effect.
    package struct Setting: Equatable, Sendable {
        /// The setting's name.
        package let name: String
        /// The value; of a secret only whether it is there.
        package let value: String
        /// Who said so.
        package let origin: ConfigOrigin
    }

    private struct Found {
        let text: String
        let origin: ConfigOrigin
    }

    private let arguments: [String: String]
    private let environment: [String: String]
    private let file: [String: String]
    private let filePath: String
    private let readFile: @Sendable (String) throws(FileReadError) -> String
    private var asked: Set<String> = ["CONFIG"]
    private var problems: [ConfigProblem]
    /// The settings read so far, in the order of reading.
    package private(set) var settings: [Setting] = []

    /// A reader over the three sources; reads the configuration file at once.
    ///
    /// - Parameters:
    ///   - arguments: What follows the subcommand.
    ///   - environment: The process environment.
    ///   - readFile: Gives the text of a file; a parameter for tests.
    package init(
        arguments: [String], environment: [String: String],
        readFile: @escaping @Sendable (String) throws(FileReadError) -> String = FileReader.text
    ) {
        let parsed = ConfigSource.arguments(arguments)
        self.arguments = parsed.values
        self.environment = environment
        self.readFile = readFile
        problems = parsed.problems
        filePath = parsed.values["CONFIG"] ?? environment["CONFIG"] ?? ""
        guard !filePath.isEmpty else {
            file = [:]
            return
        }
        do throws(FileReadError) {
            let contents = ConfigSource.file(try readFile(filePath), path: filePath)
            file = contents.values
            problems += contents.problems
        } catch {
            file = [:]
            problems.append(ConfigProblem("CONFIG", "\(filePath) cannot be read: \(error)"))
        }
    }

    // MARK: Values

    /// A text with a default.
    package mutating func string(_ name: String, default standard: String) -> String {
        let found = find(name)
        note(name, found, standard: standard)
        return found?.text ?? standard
    }

    /// A text that may be missing.
    package mutating func optionalString(_ name: String) -> String? {
        let found = find(name)
        note(name, found, standard: "")
        return found?.text
    }

    /// A text that must be given; `hint` says what to put there.
    package mutating func requiredString(_ name: String, hint: String) -> String {
        let found = find(name)
        note(name, found, standard: "")
        if found == nil { problems.append(ConfigProblem(name, "is required: \(hint)")) }
        return found?.text ?? ""
    }

    /// One of a closed set of words; the comparison ignores case.
    package mutating func choice<Choice>(
        _ name: String, default standard: Choice, from choices: [(word: String, value: Choice)]
    ) -> Choice {
        let words = choices.map(\.word).joined(separator: ", ")
        return parsed(
            name, default: standard, form: "one of \(words)",
            show: { value in
                choices.first { "\($0.value)" == "\(value)" }?.word ?? "\(value)"
            }
        ) { text in
            choices.first { $0.word.lowercased() == text.lowercased() }?.value
        }
    }

    /// A whole number in a range.
    package mutating func int(_ name: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        parsed(name, default: standard, form: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A truth value: `true`, `false`, `1`, `0`, `yes`, `no`, `on`, `off` in any case.
    package mutating func bool(_ name: String, default standard: Bool) -> Bool {
        parsed(name, default: standard, form: "true or false", Self.truth)
    }

    /// A truth value that may be missing; `unset` says in words what holds then.
    package mutating func optionalBool(_ name: String, unset: String) -> Bool? {
        parsed(name, default: nil, form: "true or false", show: { $0.map { "\($0)" } ?? unset }) { text in
            Self.truth(text).map { .some($0) }
        }
    }

    private static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1", "yes", "on": true
        case "false", "0", "no", "off": false
        default: nil
        }
    }

    /// A span of time: a number of `unit`, or a number with `ms`, `s`, `m`, `h` or `d` behind it.
    package mutating func duration(
        _ name: String, default standard: Duration, unit: DurationUnit = .seconds,
        in range: ClosedRange<Duration> = .zero ... .seconds(3_153_600_000)
    ) -> Duration {
        let form =
            "a span from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound)), "
            + "such as 30s, 5m or 2h; a bare number means \(unit.name)"
        return parsed(name, default: standard, form: form, show: DurationText.text) { text in
            DurationText.parse(text, unit: unit).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// An `http` or `https` address with a host, without a slash at its end.
    package mutating func url(_ name: String, default standard: String) -> String {
        parsed(name, default: standard, form: "an address such as http://host:3001") { HTTPAddress.normalized($0) }
    }

    /// A value with a form of its own. `parse` gives nil for text that is not in that form; `form` describes it.
    package mutating func parsed<Value>(
        _ name: String, default standard: Value, form: String, show: (Value) -> String = { "\($0)" },
        _ parse: (String) -> Value?
    ) -> Value {
        guard let found = find(name) else {
            note(name, nil, standard: show(standard))
            return standard
        }
        guard let value = parse(found.text) else {
            note(name, found, standard: "")
            problems.append(ConfigProblem(name, "\"\(found.text)\" is not \(form)"))
            return standard
        }
        settings.append(Setting(name: name, value: show(value), origin: found.origin))
        return value
    }

    // MARK: Secrets

    /// A secret that may be missing; `NAME_FILE` names a file that holds it.
    package mutating func secret(_ name: String) -> Redacted<String>? {
        let found = findSecret(name)
        settings.append(
            Setting(
                name: name, value: found == nil ? "" : Redacted<String>.placeholder, origin: found?.origin ?? .standard)
        )
        return found.map { Redacted($0.text) }
    }

    /// A secret that must be given and have at least `minimumLength` characters; `hint` says what to put there.
    package mutating func requiredSecret(_ name: String, hint: String, minimumLength: Int = 1) -> Redacted<String> {
        guard let secret = secret(name) else {
            if !problems.contains(where: { $0.name == name || $0.name == "\(name)_FILE" }) {
                problems.append(ConfigProblem(name, "is required (or \(name)_FILE): \(hint)"))
            }
            return Redacted("")
        }
        if secret.reveal.count < minimumLength {
            problems.append(ConfigProblem(name, "has fewer than \(minimumLength) characters"))
        }
        return secret
    }

    // MARK: Result

    /// Notes a problem that the caller found, such as two settings that exclude each other.
    package mutating func fail(_ name: String, _ reason: String) {
        problems.append(ConfigProblem(name, reason))
    }

    /// Accepts a name without using it, such as a setting of the reference that has no meaning here.
    package mutating func tolerate(_ names: String...) {
        asked.formUnion(names)
    }

    /// Throws everything that is wrong, arguments and file keys which nobody asked for included.
    package mutating func finish() throws(ConfigErrors) {
        for name in arguments.keys.sorted() where !asked.contains(name) {
            problems.append(ConfigProblem(ConfigSource.argumentName(name), "is not a known argument"))
        }
        for name in file.keys.sorted() where !asked.contains(name) {
            problems.append(ConfigProblem(name, "in \(filePath) is not a known setting"))
        }
        guard problems.isEmpty else { throw ConfigErrors(problems) }
    }

    /// The effective settings, one `NAME=value` line each, with where they came from; secrets as a placeholder.
    package func effective() -> String {
        settings.map { "\($0.name)=\($0.value)  # \($0.origin.rawValue)\n" }.joined()
    }

    private mutating func find(_ name: String) -> Found? {
        asked.insert(name)
        if let text = given(arguments[name]) { return Found(text: text, origin: .argument) }
        if let text = given(environment[name]) { return Found(text: text, origin: .environment) }
        if let text = given(file[name]) { return Found(text: text, origin: .file) }
        return nil
    }

    private mutating func findSecret(_ name: String) -> Found? {
        let direct = find(name)
        let pointer = find("\(name)_FILE")
        guard let pointer else { return direct }
        if direct != nil {
            problems.append(ConfigProblem(name, "and \(name)_FILE are both given; keep one"))
            return direct
        }
        do throws(FileReadError) {
            let text = ConfigSource.trimmed(try readFile(pointer.text)[...])
            guard !text.isEmpty else {
                problems.append(ConfigProblem("\(name)_FILE", "\(pointer.text) is empty"))
                return nil
            }
            return Found(text: String(text), origin: .secretFile)
        } catch {
            problems.append(ConfigProblem("\(name)_FILE", "\(pointer.text) cannot be read: \(error)"))
            return nil
        }
    }

    private func given(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return text
    }

    private mutating func note(_ name: String, _ found: Found?, standard: String) {
        settings.append(Setting(name: name, value: found?.text ?? standard, origin: found?.origin ?? .standard))
    }
}
