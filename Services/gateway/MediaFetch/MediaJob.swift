import EventLoop
package import HTTPClient
package import InferenceModel

/// The fetches of one call; what was fetched serves all its attempts and goes with it. Confined to the loop of its client.
package final class MediaJob: @unchecked Sendable {
    // SAFETY: confined to the client's loop, where its task and those of its group run.

    private let fetcher: MediaFetcher
    private let client: HTTPClient
    private var done: [String: FetchedMedia] = [:]
    private var failed: [String: MediaFetchError] = [:]
    private var running: [String: Transfer] = [:]
    /// What `done` holds, and what of it the budget knows.
    private var bytes = 0
    private var isCancelled = false

    package init(_ fetcher: MediaFetcher, client: HTTPClient) {
        self.fetcher = fetcher
        self.client = client
    }

    deinit {
        fetcher.budget.give(bytes)
    }

    /// Ends what runs, because nobody waits for it any more.
    package func cancel() {
        isCancelled = true
        for transfer in running.values { transfer.cancel() }
    }

    /// Whether all of these were fetched.
    package func has(_ wanted: [Media]) -> Bool {
        wanted.allSatisfy { media in
            if case .url(let address) = media.source { done[address] != nil } else { true }
        }
    }

    /// What lies behind an address that `fetch` was given.
    package func media(_ address: String) -> FetchedMedia? { done[address] }

    /// Fetches all of these that are not there yet, some at a time.
    ///
    /// - Returns: The first of them that cannot be had, and why; `nil` when all are there.
    package func fetch(_ wanted: [Media]) async -> (address: String, error: MediaFetchError)? {
        var places: Set<String> = []
        var rest: [(address: String, kind: Media.Kind)] = []
        for media in wanted {
            guard case .url(let address) = media.source, places.insert(address).inserted else { continue }
            rest.append((address, media.kind))
        }
        if rest.count > fetcher.limits.count, let first = rest.dropFirst(fetcher.limits.count).first {
            let reason = "a request may name \(fetcher.limits.count) addresses for this model, this is one more"
            return (first.address, MediaFetchError(reason: reason))
        }
        let missing = rest.filter { done[$0.address] == nil && failed[$0.address] == nil }
        await withTaskGroup(of: Void.self) { group in
            for (place, item) in missing.enumerated() {
                if place >= fetcher.limits.atOnce { await group.next() }
                // One that cannot be had is enough.
                guard failed.isEmpty, !isCancelled else { break }
                group.addTask { await self.fetch(item.address, item.kind) }
            }
        }
        for item in rest {
            if let error = failed[item.address] { return (item.address, error) }
        }
        return rest.first { done[$0.address] == nil }.map { ($0.address, MediaFetchError(reason: "the call ended")) }
    }

    private func fetch(_ address: String, _ kind: Media.Kind) async {
        do throws(MediaFetchError) {
            let media = try await fetcher.fetch(address, kind, client: client) { transfer in
                running[address] = transfer
                if isCancelled { transfer.cancel() }
            }
            guard bytes + media.bytes.count <= fetcher.limits.totalBytes else {
                fetcher.budget.give(media.bytes.count)
                let reason = "all that the request names is together larger than \(fetcher.limits.totalBytes) bytes"
                throw MediaFetchError(reason: reason)
            }
            bytes += media.bytes.count
            done[address] = media
        } catch {
            failed[address] = error
        }
        running[address] = nil
    }
}
