import HTTPCore
import Telemetry
import Testing

@testable import AdminHTTP

@Suite struct AdminAuthTests {
    private func admits(_ key: String, header: String? = nil, target: String = "/api/logs/") throws -> Bool {
        var headers = HTTPHeaders()
        if let header { headers.append("authorization", header) }
        return AdminAuth(adminKey: Redacted(key)).admits(headers, try RequestTarget(target))
    }

    @Test("all four spellings of the key are one key", arguments: ["K", "Bearer K", "sk-K", "Bearer sk-K"])
    func spellings(_ header: String) throws {
        #expect(try admits("K", header: header))
        #expect(try admits("sk-K", header: header))
        #expect(try admits("Bearer sk-K", header: header))
    }

    @Test(
        "what is not the key is refused",
        arguments: ["", "k", "KK", "bearer K", "Bearer  K", "Bearer", "sk-", "Basic K", "K "])
    func wrong(_ header: String) throws {
        #expect(try !admits("K", header: header))
    }

    @Test("the query carries the key only when the header is empty or absent")
    func query() throws {
        #expect(try admits("K", target: "/api/logs/?key=K"))
        #expect(try admits("K", target: "/api/logs/?key=sk-K"))
        #expect(try admits("K", header: "", target: "/api/logs/?key=Bearer+K"))
        #expect(try !admits("K", header: "X", target: "/api/logs/?key=K"))
        #expect(try !admits("K", target: "/api/logs/?key="))
    }

    @Test("without a configured key nobody is admitted", arguments: ["", "sk-", "Bearer "])
    func noKey(_ key: String) throws {
        #expect(try !admits(key))
        #expect(try !admits(key, header: "Bearer sk-"))
    }
}
