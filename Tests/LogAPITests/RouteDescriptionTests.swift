import APIDescription
import CollectorSupport
import HTTPCore
import JSON
import Testing

@testable import LogAPI

@Suite("The collector's routes and their description")
struct RouteDescriptionTests {
    @Test("every route is described, and nothing is described that there is not")
    func complete() async throws {
        try await DashboardAPI.run { api async throws in
            let served = Set(
                api.server.routes.filter { $0.method != .options }.map { "\($0.method.rawValue) \($0.pattern)" })
            let described = APIDescription.routes(of: .collector)
            #expect(served.subtracting(described).isEmpty, "these routes have no row in APIDescription")
            #expect(described.subtracting(served).isEmpty, "these rows of APIDescription have no route")
        }
    }

    @Test("no route answers without the admin key")
    func denied() async throws {
        try await DashboardAPI.run { api async throws in
            for route in api.server.routes where route.method != .options {
                for key in [nil, "", "Bearer wrong"] {
                    let answer = try await api.get(route.pattern, route.method, key: key)
                    #expect(answer.status == 401, "\(route.method) \(route.pattern)")
                    #expect(answer.json["success"]?.bool == false)
                }
            }
        }
    }
}
