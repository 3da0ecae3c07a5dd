import LogStore
import Synchronization

/// Where the pages of recent searches ended, so that the next page begins there and not at a count of rows.
///
/// FastGPT asks for pages by number while new rows arrive on top: counted rows would shift, and rows be shown twice. A caller that comes to page 3 after page 2
/// gets what follows the last row of page 2, and the total that page 1 gave. Without a trail (another replica, too long ago) rows are counted.
///
/// Bound: so many searches with so many pages each; the search that was used longest ago goes first.
final class PageTrail: Sendable {
    /// Who searches for what: everything but the page.
    struct Key: Hashable {
        let caller: String
        let scope: LogQuery.Scope
        /// The query without its page, as it was written.
        let query: [String]
    }

    /// What is known about the page before the one that is wanted.
    struct Step: Equatable {
        var last: LogPlace
        var total: Int
        var names: LogReader.Names
    }

    private struct Trail {
        var total: Int
        var names: LogReader.Names
        var ends: [Int: LogPlace] = [:]
        var usedAt: Int64
    }

    private let searches: Int
    private let pages: Int
    private let lifetime: Int64
    private let trails = Mutex<[Key: Trail]>([:])

    /// - Parameters:
    ///   - searches: How many searches are kept.
    ///   - pages: How many pages of each.
    ///   - lifetime: Microseconds after which a search that nobody went on with is forgotten.
    init(searches: Int = 256, pages: Int = 500, lifetime: Int64 = 600_000_000) {
        self.searches = searches
        self.pages = pages
        self.lifetime = lifetime
    }

    /// What is known for a page; `nil` for the first one and when there is no trail that leads to it.
    func step(to page: Int, of key: Key, now: Int64) -> Step? {
        guard page > 1 else { return nil }
        return trails.withLock { trails in
            guard var trail = trails[key], now - trail.usedAt <= lifetime, let last = trail.ends[page - 1] else {
                return nil
            }
            trail.usedAt = now
            trails[key] = trail
            return Step(last: last, total: trail.total, names: trail.names)
        }
    }

    /// Keeps the end of a page that was answered in full. The first page starts the trail anew.
    func leave(_ last: LogPlace, total: Int, names: LogReader.Names, after page: Int, of key: Key, now: Int64) {
        trails.withLock { trails in
            if page == 1 || trails[key] == nil {
                makeRoom(in: &trails, for: key, now: now)
                trails[key] = Trail(total: total, names: names, usedAt: now)
            }
            guard trails[key, default: Trail(total: total, names: names, usedAt: now)].ends.count < pages else {
                return
            }
            trails[key]?.ends[page] = last
            trails[key]?.usedAt = now
        }
    }

    private func makeRoom(in trails: inout [Key: Trail], for key: Key, now: Int64) {
        trails[key] = nil
        guard trails.count >= searches else { return }
        trails = trails.filter { now - $0.value.usedAt <= lifetime }
        guard trails.count >= searches else { return }
        if let oldest = trails.min(by: { $0.value.usedAt < $1.value.usedAt })?.key { trails[oldest] = nil }
    }
}
