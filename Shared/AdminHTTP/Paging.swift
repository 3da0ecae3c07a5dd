/// Which page of a list is wanted (contract admin-api §1.5).
package struct Paging: Equatable, Sendable {
    /// Counted from 1.
    package var page: Int
    /// 1 to 100.
    package var perPage: Int

    /// A page from its parts.
    package init(page: Int = 1, perPage: Int = 10) {
        self.page = page
        self.perPage = perPage
    }

    /// Reads `page`, or `p` when that is absent or empty, and `per_page`.
    ///
    /// What is missing, no number or not above zero is page 1 and 10 rows; more than 100 rows become 100.
    package init(_ query: AdminQuery) {
        let wanted = query.int("page") ?? query.int("p") ?? 1
        let size = query.int("per_page") ?? 10
        page = min(max(wanted, 1), Self.lastPage)
        perPage = size > 0 ? min(size, 100) : 10
    }

    /// How many rows come before this page.
    package var offset: Int { (page - 1) * perPage }

    /// Keeps `offset` far from overflow; no list is this long.
    private static let lastPage = 1_000_000_000
}
