import APIDescription
import HTTPCore
import Testing

@testable import AdminAPI

@Suite("The registry's routes and their description")
struct RouteDescriptionTests {
    @Test("every route is described with who may call it, and nothing is described that there is not")
    func complete() {
        let served = Set(AdminRoute.all.map { "\($0.method.rawValue) \($0.path)" })
        let described = APIDescription.routes(of: .registry)
        #expect(served.subtracting(described).isEmpty, "these routes have no row in APIDescription")
        #expect(described.subtracting(served).isEmpty, "these rows of APIDescription have no route")
        for operation in APIDescription.operations where operation.owners.contains(.registry) {
            let route = AdminRoute.all.first {
                $0.method.rawValue == operation.method.rawValue && $0.path == operation.path
            }
            #expect((route?.role == .anyone) == (operation.caller == .anyone), "\(operation.path)")
        }
    }
}
