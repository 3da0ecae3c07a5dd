import Contracts
import HTTPCore
import JSON
package import Routing
import Telemetry

/// Why tests were not begun, in words for the operator.
package struct TestRefusal: Error, Equatable, Sendable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// The body that describes a channel which is not saved (contract admin-api §4.3); pure.
package struct PreviewBody: Sendable {
    /// The channel, with the id 0.
    package let channel: RoutedChannel

    /// Reads a body.
    ///
    /// - Parameter naming: The member with what is to be tested.
    /// - Throws: `TestRefusal`, which names the member at fault.
    package init(_ body: [UInt8], naming member: Naming) throws(TestRefusal) {
        let fields = try Fields(body)
        let number = try fields.int("type")
        guard number != 0 else { throw fields.missing("type", "the number of a channel type") }
        guard let type = ChannelType.find(number) else { throw TestRefusal("type: invalid channel type: \(number)") }
        let key = try fields.text("key")
        guard !key.isEmpty else { throw fields.missing("key", "the vendor's key") }
        if let fault = type.keyFault(key) {
            throw TestRefusal("key: invalid key: \(fault)" + (type.keyHelp.isEmpty ? "" : ", \(type.keyHelp)"))
        }
        let models: [String]
        switch member {
        case .model:
            models = [try fields.text("model")].filter { !$0.isEmpty }
            guard !models.isEmpty else { throw fields.missing("model", "the name of a model") }
        case .models:
            models = try fields.texts("models").filter { !$0.isEmpty }
            guard !models.isEmpty else { throw TestRefusal("no models to test") }
        }
        let saved = SnapshotChannel(
            id: 0, type: number, name: try fields.text("name"), baseURL: try fields.text("base_url"), models: models,
            modelMapping: try fields.map("model_mapping"), proxyURL: try fields.text("proxy_url"),
            skipsTLSVerification: try fields.flag("skip_tls_verify"), configs: try fields.object("configs"))
        guard let channel = RoutedChannel(saved, key: Redacted(key)) else {
            throw TestRefusal("type: invalid channel type: \(number)")
        }
        self.channel = channel
    }

    /// Where the body says what is to be tested.
    package enum Naming: Sendable {
        /// One model in `model`.
        case model
        /// Several in `models`.
        case models
    }
}

/// The members of a body; an absent one and `null` are the empty value.
private struct Fields {
    private let object: JSONObject

    init(_ body: [UInt8]) throws(TestRefusal) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw TestRefusal("the request body is not valid JSON: \(error.message)")
        }
        guard let object = value.object else { throw TestRefusal("the request body must be a JSON object") }
        self.object = object
    }

    func missing(_ name: String, _ expected: String) -> TestRefusal {
        TestRefusal("\(name): missing; expected \(expected)")
    }

    func int(_ name: String) throws(TestRefusal) -> Int {
        try read(name, "an integer", empty: 0) { $0.int }
    }

    func text(_ name: String) throws(TestRefusal) -> String {
        try read(name, "a string", empty: "") { $0.string }
    }

    func flag(_ name: String) throws(TestRefusal) -> Bool {
        try read(name, "a boolean", empty: false) { $0.bool }
    }

    func texts(_ name: String) throws(TestRefusal) -> [String] {
        try read(name, "an array of strings", empty: []) { value in
            guard let elements = value.array else { return nil }
            let texts = elements.compactMap(\.string)
            return texts.count == elements.count ? texts : nil
        }
    }

    func map(_ name: String) throws(TestRefusal) -> [String: String] {
        try read(name, "an object of strings", empty: [:]) { value in
            guard let members = value.object?.members else { return nil }
            var map: [String: String] = [:]
            for member in members {
                guard let text = member.value.string else { return nil }
                map[member.key] = text
            }
            return map
        }
    }

    func object(_ name: String) throws(TestRefusal) -> String {
        try read(name, "an object", empty: "") { value in
            guard let members = value.object else { return nil }
            return members.isEmpty ? "" : String(decoding: value.serialized(), as: UTF8.self)
        }
    }

    private func read<Value>(
        _ name: String, _ expected: String, empty: Value, _ convert: (JSONValue) -> Value?
    ) throws(TestRefusal) -> Value {
        guard let value = object[name], !value.isNull else { return empty }
        guard let converted = convert(value) else { throw TestRefusal("\(name): expected \(expected)") }
        return converted
    }
}
