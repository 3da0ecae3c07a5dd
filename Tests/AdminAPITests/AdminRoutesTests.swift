import HTTPCore
import Testing

@testable import AdminAPI

@Suite("The table of admin routes")
struct AdminRoutesTests {
    @Test("only the health check is open")
    func roles() {
        let open = AdminRoute.all.filter { $0.role == .anyone }.map(\.path)
        #expect(open == ["/api/status"])
    }

    @Test("no route is there twice, and all are under /api")
    func unique() {
        let names = AdminRoute.all.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(names).count == names.count)
        #expect(AdminRoute.all.allSatisfy { $0.path.hasPrefix("/api/") })
    }
}
