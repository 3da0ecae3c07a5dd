import AdminHTTP
import HTTPCore
import JSON
import RegistryStore

/// Options over HTTP (contract admin-api §11).
enum OptionRoutes {
    /// The stored values, whatever the environment says; what is not stored has its default.
    static func all(_ call: AdminCall) async throws -> AdminAnswer {
        let options = try await call.stores.options.all()
        return .data { writer in
            writer.object { writer in
                for state in options { writer.field(state.option.key, state.shown) }
            }
        }
    }

    /// The stored value and, beyond the contract, which value is in force and who says so.
    static func find(_ call: AdminCall) async throws -> AdminAnswer {
        let state = try await call.stores.options.find(try call.parameter("key"))
        return .data { writer in
            writer.object { writer in
                writer.field("key", state.option.key)
                writer.field("value", state.shown)
                writer.field("effective", state.effective)
                writer.field("source", state.override != nil ? "environment" : state.isStored ? "stored" : "default")
                writer.field("environment", state.option.environmentName)
            }
        }
    }

    static func set(_ call: AdminCall) async throws -> AdminAnswer {
        let fields = try BodyFields(body: call.body)
        guard let key = try fields.string("key") else { throw fields.fault("key", "missing; expected an option's key") }
        guard let value = try fields.string("value") else { throw fields.fault("value", "missing; expected a string") }
        try await call.stores.options.set(key, value)
        return .done
    }

    /// The whole body is the value, without quotes.
    static func setRaw(_ call: AdminCall) async throws -> AdminAnswer {
        let key = try call.parameter("key")
        guard let value = String(validating: call.body, as: UTF8.self) else {
            throw AdminFailure(.badRequest, "body: not valid UTF-8")
        }
        try await call.stores.options.set(key, value)
        return .done
    }

    /// Sets what it can: unknown keys are passed over, wrong values are told after the right ones were stored.
    static func setMany(_ call: AdminCall) async throws -> AdminAnswer {
        let object = try BodyValue.object(try BodyValue.parse(call.body), at: "body")
        let fields = BodyFields(object)
        for member in object.members { _ = try fields.string(member.key) }
        var failures: [String] = []
        for member in object.members {
            guard let value = member.value.string else { continue }
            do throws(RegistryError) {
                try await call.stores.options.set(member.key, value)
            } catch {
                switch error {
                case .unknownOption: continue
                case .invalidOption, .modelConfigsMissing: failures.append(WireErrors.failure(error).message)
                default: throw error
                }
            }
        }
        guard failures.isEmpty else { throw AdminFailure(.badRequest, failures.joined(separator: "\n")) }
        return .done
    }
}
