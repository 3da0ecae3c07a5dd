import EventLoop
import HTTPClient
import HTTPCore
import InferenceModel

/// Why something that a request names could not be had, in words for the caller.
package struct MediaFetchError: Error, Equatable, Sendable {
    package let reason: String
    /// Whether the gateway fetches as much as it can, so that it is nobody's fault, and later it may work.
    package var isBusy = false

    static let busy = MediaFetchError(reason: "the gateway is too busy", isBusy: true)
}

/// The bytes behind an address.
package struct FetchedMedia: Equatable, Sendable {
    package let bytes: [UInt8]
    /// Such as `image/png`, told by the bytes where they tell it.
    package let type: String
}

/// Fetches what a caller's request names by address: by `GET`, of public addresses or such that the operator lists, with redirects followed by the same rule.
///
/// The rule is asked for the very address that the connection is opened to, so no second look-up of a name can get around it.
package struct MediaFetcher: Sendable {
    /// What one fetch, and those of one request together, may cost.
    package struct Limits: Equatable, Sendable {
        /// The largest file, in bytes.
        package var bytes = 20 * 1024 * 1024
        /// All files of one request, in bytes.
        package var totalBytes = 64 * 1024 * 1024
        package var redirects = 3
        /// One file, with its redirects.
        package var duration: Duration = .seconds(10)
        /// Files of one request.
        package var count = 10
        /// Files of one request that are fetched at once.
        package var atOnce = 3
        /// Files that all calls of the process fetch at once.
        package var processFiles = 64
        /// What all calls of the process hold of fetched files, in bytes.
        package var processBytes = 256 * 1024 * 1024

        package init() {}
    }

    package let policy: FetchPolicy
    package let limits: Limits
    /// Shared by all copies of this fetcher.
    let budget: MediaBudget

    package init(policy: FetchPolicy, limits: Limits = Limits()) {
        self.policy = policy
        self.limits = limits
        budget = MediaBudget(files: limits.processFiles, bytes: limits.processBytes)
    }

    /// Fetches one file, on the client's loop. Its bytes are taken from the budget; who lets them go gives them back.
    ///
    /// - Parameter begun: Called with every transfer that is started, so that it can be cancelled.
    /// - Throws: `MediaFetchError` telling why, without anything that only the gateway knows.
    func fetch(
        _ text: String, _ kind: Media.Kind, client: HTTPClient, begun: (Transfer) -> Void
    ) async throws(MediaFetchError) -> FetchedMedia {
        guard var address = MediaAddress(text) else { throw MediaFetchError(reason: "it is not a plain web address") }
        guard budget.begin() else { throw .busy }
        defer { budget.end() }
        let end = MonotonicTime.now().advanced(by: limits.duration)
        for _ in 0...limits.redirects {
            let transfer = client.begin(request(address, until: end))
            begun(transfer)
            switch await answer(of: transfer) {
            case .success(.file(let bytes, let declared)):
                do throws(MediaFetchError) {
                    return try Self.media(bytes, kind, declared: declared)
                } catch {
                    budget.give(bytes.count)
                    throw error
                }
            case .success(.busy): throw .busy
            case .success(.redirect(let location)):
                guard let next = address.redirected(to: location) else {
                    throw MediaFetchError(reason: "it redirects to something that is no web address")
                }
                address = next
            case .success(.status(let status)):
                throw MediaFetchError(reason: "its server answered with status \(status)")
            case .failure(.exhausted): throw .busy
            case .failure(let error):
                throw MediaFetchError(reason: reason(error))
            }
        }
        throw MediaFetchError(reason: "it redirects more than \(limits.redirects) times")
    }

    private enum Answer {
        case file([UInt8], declared: String?)
        case redirect(to: String)
        case status(Int)
        /// There is no room for the file.
        case busy
    }

    private func answer(of transfer: Transfer) async -> Result<Answer, HTTPClientError> {
        do throws(HTTPClientError) {
            let response = try await transfer.response()
            if let location = Self.redirect(response) {
                response.cancel()
                return .success(.redirect(to: location))
            }
            guard response.status == 200 else {
                response.cancel()
                return .success(.status(response.status))
            }
            // As much as it may become, until it is known.
            let room = Self.length(response).map { min($0, limits.bytes) } ?? limits.bytes
            guard budget.take(room) else {
                response.cancel()
                return .success(.busy)
            }
            var kept = 0
            defer { budget.give(room - kept) }
            let bytes = try await response.collect(upTo: limits.bytes)
            kept = bytes.count
            return .success(.file(bytes, declared: response.headers.first("content-type")))
        } catch {
            transfer.cancel()
            return .failure(error)
        }
    }

    private func request(_ address: MediaAddress, until end: MonotonicTime) -> ClientRequest {
        let left = MonotonicTime.now().duration(to: end)
        let time = max(left, .milliseconds(1))
        var request = ClientRequest(
            method: .get, url: address.url, headers: ["accept": "*/*", "user-agent": "switchboard"],
            timeouts: ClientTimeouts(connect: time, firstByte: time, idle: time, total: time), poolKey: "media")
        let policy = policy
        let host = address.host
        request.allowsAddress = { policy.allows($0, host: host) }
        return request
    }

    /// The length that a server declares; never below what it sends.
    private static func length(_ response: ClientResponse) -> Int? {
        response.headers.first("content-length").flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }

    private static func redirect(_ response: ClientResponse) -> String? {
        switch response.status {
        case 301, 302, 303, 307, 308: response.headers.first("location")
        default: nil
        }
    }

    /// The bytes with their type, when they are of the kind that the request calls them.
    private static func media(
        _ bytes: [UInt8], _ kind: Media.Kind, declared: String?
    ) throws(MediaFetchError) -> FetchedMedia {
        guard !bytes.isEmpty else { throw MediaFetchError(reason: "it is empty") }
        let told = MediaSniffer.type(of: bytes)
        let word = declared.map { String($0.prefix { $0 != ";" && $0 != " " }).lowercased() }
        let type: String? =
            switch kind {
            case .image: told.flatMap { $0.hasPrefix("image/") ? $0 : nil }
            case .audio:
                // Sound alone in a container that also holds films.
                told.flatMap { $0.hasPrefix("image/") ? nil : $0.hasPrefix("video/") ? "audio/" + $0.dropFirst(6) : $0 }
                    ?? word.flatMap { $0.hasPrefix("audio/") ? $0 : nil }
            case .video: told.flatMap { $0.hasPrefix("video/") ? $0 : nil }
            case .document:
                told == "application/pdf"
                    ? told
                    : word.flatMap { $0.hasPrefix("text/") || $0.hasPrefix("application/") ? $0 : nil }
            }
        guard let type else {
            let noun = kind == .audio ? "sound" : kind.rawValue
            throw MediaFetchError(reason: "what it leads to is no \(noun) of a known type")
        }
        return FetchedMedia(bytes: bytes, type: type)
    }

    private func reason(_ error: HTTPClientError) -> String {
        switch error {
        case .resolve: "its host has no address"
        case .addressRefused: "its host is not in the public internet"
        case .connect, .tls, .reset, .truncated, .malformed, .requestBody, .invalidRequest:
            "its server could not be spoken to"
        case .timedOut: "it took longer than \(limits.duration.components.seconds) seconds"
        case .tooLarge: "it is larger than \(limits.bytes) bytes"
        case .cancelled: "the call ended"
        case .exhausted: "the gateway is too busy"
        }
    }
}
