import HTTPCore
import HTTPServer
import JSON
import Testing

@testable import GatewayAPI

@Suite("What the gateway's server answers by itself")
struct ServerRefusalTests {
    @Test(
        "clients of the relay and of the admin API both read it",
        arguments: [ServerFault.badBody("a chunk is malformed"), .bodyTooLarge(limit: 5), .handlerFailed("secret")])
    func bothForms(_ fault: ServerFault) throws {
        let refusal = ServerRefusal.make(fault, id: "17")
        let body = try JSONValue.parse(refusal.body)
        #expect(body["message"]?.string == fault.message && body["success"] == false)
        #expect(body["error"]?["message"]?.string == fault.message && body["error"]?["code"]?.string == fault.code)
        #expect(refusal.status == fault.status && refusal.headers.first("x-request-id") == "17")
        #expect(!String(decoding: refusal.body, as: UTF8.self).contains("secret"))
    }
}
