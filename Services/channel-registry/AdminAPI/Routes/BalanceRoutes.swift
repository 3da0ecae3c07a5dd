import AdminHTTP
import HTTPCore
import JSON

/// Balances over HTTP (contract admin-api §3.4).
enum BalanceRoutes {
    static func refresh(_ call: AdminCall) async throws -> AdminAnswer {
        guard let id = Int(try call.parameter("id")) else {
            throw AdminFailure(.ok, "id: expected an integer in the path")
        }
        let balance = try await call.stores.balances.check(id)
        return .data { $0.raw(balance.utf8) }
    }

    static func refreshAll(_ call: AdminCall) async throws -> AdminAnswer {
        try await call.stores.balances.checkAll()
        return .done
    }
}
