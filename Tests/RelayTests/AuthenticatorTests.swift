import Contracts
import Crypto
import HTTPCore
import Routing
import Telemetry
import Testing

@testable import Relay

@Suite("Authenticator")
struct AuthenticatorTests {
    private let authenticator = Authenticator(adminKey: Redacted("sk-admin"))
    private let table = RoutingTable(
        Snapshot(
            epoch: "e", revision: 1, isWhole: true,
            tokens: [
                SnapshotToken(id: 1, name: "good", group: "g", digest: SHA256.hex("tenant")),
                SnapshotToken(id: 2, name: "off", group: "g", digest: SHA256.hex("disabled"), status: 2),
                SnapshotToken(id: 3, name: "net", group: "g", digest: SHA256.hex("netted"), subnets: ["10.0.0.0/8"]),
                SnapshotToken(id: 4, name: "grp", group: "closed", digest: SHA256.hex("grouped")),
            ], groups: [SnapshotGroup(id: "closed", status: 2)]), openKey: { _ in nil })

    private func caller(_ headers: HTTPHeaders, address: String = "10.1.1.1") -> Result<Caller, RelayError> {
        Result { () throws(RelayError) in
            try authenticator.caller(headers, address: { address }, table: table)
        }
    }

    private func code(_ headers: HTTPHeaders, address: String = "10.1.1.1") -> RelayError.Code? {
        guard case .failure(let error) = caller(headers, address: address) else { return nil }
        return error.code
    }

    @Test(
        "the admin key is found in every form and header",
        arguments: [
            ("authorization", "Bearer sk-admin"), ("authorization", "Bearer admin"), ("Authorization", "sk-admin"),
            ("authorization", "bearer sk-admin"), ("x-api-key", "admin"), ("api-key", "sk-admin"),
            ("x-goog-api-key", "admin"), ("authorization", "  Bearer  admin "),
        ])
    func adminKey(name: String, value: String) throws {
        var headers = HTTPHeaders()
        headers.append(name, value.trimmingPrefix(while: { $0 == " " }).description)
        guard case .operatorKey = try caller(headers).get() else {
            Issue.record("not the operator")
            return
        }
    }

    @Test("a tenant is found by the digest of its key")
    func tenant() throws {
        #expect(try caller(["authorization": "Bearer sk-tenant"]).get().tenant?.tokenID == 1)
    }

    @Test("the first header that is not empty counts")
    func order() {
        #expect(code(["authorization": "Bearer wrong", "x-api-key": "admin"]) == .invalidKey)
        #expect(code(["authorization": "", "x-api-key": "admin"]) == nil)
    }

    @Test("every refusal has its code and status")
    func refusals() {
        #expect(code([:]) == .missingKey)
        #expect(code(["authorization": "Bearer "]) == .missingKey)
        #expect(code(["authorization": "Bearer nobody"]) == .invalidKey)
        #expect(code(["authorization": "Bearer sk-disabled"]) == .keyDisabled)
        #expect(code(["authorization": "Bearer sk-netted"], address: "11.0.0.1") == .addressNotAllowed)
        #expect(code(["authorization": "Bearer sk-netted"], address: "10.0.0.1") == nil)
        #expect(code(["authorization": "Bearer sk-grouped"]) == .groupDisabled)
    }

    @Test("without a snapshot the admin key is still known and others are told to wait")
    func noSnapshot() {
        #expect(throws: Never.self) {
            try authenticator.caller(["authorization": "Bearer admin"], address: { "" }, table: nil)
        }
        let error = #expect(throws: RelayError.self) {
            try authenticator.caller(["authorization": "Bearer sk-tenant"], address: { "" }, table: nil)
        }
        #expect(error?.code == .notReady && error?.status == 503)
    }
}
