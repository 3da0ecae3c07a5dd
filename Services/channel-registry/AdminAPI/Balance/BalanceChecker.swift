import AdminHTTP
import Contracts
import EventLoop
package import HTTPClient
import HTTPCore
import JSON
package import RegistryStore
package import Telemetry

/// Asks vendors what is left on the accounts of channels. A failure is told, it never disables a channel.
package struct BalanceChecker: Sendable {
    /// How many channels are asked at once when all are.
    static let maxParallel = 10
    private static let maxAnswerBytes = 1024 * 1024
    private static let timeouts = ClientTimeouts(
        connect: .seconds(10), firstByte: .seconds(20), idle: .seconds(10), total: .seconds(30))

    private struct Fault: Error {
        let reason: String
    }

    private let channels: ChannelStore
    private let clients: HTTPClientGroup
    private let logger: Logger

    /// A checker over the clients of the loops on which requests are served.
    package init(channels: ChannelStore, clients: HTTPClientGroup, logger: Logger) {
        self.channels = channels
        self.clients = clients
        self.logger = logger
    }

    /// Asks for the balance of one channel and stores it. Only on an event loop.
    ///
    /// - Returns: The balance as the text of a number.
    /// - Throws: `AdminFailure` with the status 200, as the contract wants, for all that the vendor or the channel is to blame for.
    func check(_ id: Int) async throws -> String {
        let channel: Channel
        do throws(RegistryError) {
            channel = try await channels.find(id)
        } catch {
            guard error == .channelNotFound else { throw error }
            throw AdminFailure(.ok, "channel record not found")
        }
        return try await check(channel)
    }

    /// Refreshes every channel that asks for it; failures are in the log.
    func checkAll() async throws {
        try await check(try await channels.withBalanceCheck(), until: nil)
    }

    /// Refreshes those of them that are enabled and whose vendor tells a balance, as many as are begun with before the end.
    func checkEnabled(until end: MonotonicTime) async throws {
        let due = try await channels.withBalanceCheck().filter { channel in
            let source = BalanceSource(type: channel.settings.type)
            return channel.status == ChannelStatus.enabled && source != .nothing && source != .zero
        }
        try await check(due, until: end)
    }

    private func check(_ due: [Channel], until end: MonotonicTime?) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, channel) in due.enumerated() {
                if let end, MonotonicTime.now() >= end { break }
                if place >= Self.maxParallel { try await group.next() }
                group.addTask { try await note(channel) }
            }
            try await group.waitForAll()
        }
    }

    private func note(_ channel: Channel) async throws {
        do {
            _ = try await check(channel)
        } catch let failure as AdminFailure {
            logger.warning(
                "a balance could not be refreshed",
                ["channel": .integer(channel.id), "reason": .string(failure.message)])
        }
    }

    private func check(_ channel: Channel) async throws -> String {
        let settings = channel.settings
        guard let type = ChannelType.find(settings.type) else {
            throw AdminFailure(.ok, "invalid channel type: \(settings.type)")
        }
        let place = "channel \(settings.name) (type: \(settings.type), id: \(channel.id))"
        let source = BalanceSource(type: settings.type)
        if source == .nothing { return "0" }
        let balance: String
        do throws(Fault) {
            balance = try await ask(source, channel, type)
        } catch {
            throw AdminFailure(.ok, "failed to get \(place) balance: \(error.reason)")
        }
        guard let stored = try await channels.setBalance(channel.id, balance) else {
            throw AdminFailure(.ok, "channel record not found")
        }
        guard !stored.isBelowThreshold else {
            throw AdminFailure(.ok, "\(place) balance is less than threshold: \(Self.sixDecimals(stored.balance))")
        }
        return stored.balance
    }

    private func ask(_ source: BalanceSource, _ channel: Channel, _ type: ChannelType) async throws(Fault) -> String {
        if source == .zero { return "0" }
        guard channel.key != .unreadable else { throw Fault(reason: "its key cannot be opened with our SECRETS_KEY") }
        var base = channel.settings.baseURL.isEmpty ? type.defaultBaseURL : channel.settings.baseURL
        while base.hasSuffix("/") { base.removeLast() }
        guard !base.isEmpty, !base.contains("{") else { throw Fault(reason: "it has no base_url") }
        // Azure's keys have the version of the API behind a bar.
        let key = type.keyRule == .anything ? channel.key.shown[...] : channel.key.shown.prefix { $0 != "|" }
        let now = WallClock.microseconds()
        let addresses = source.addresses(base: base, start: Self.day(now, before: 100), today: Self.day(now))
        var answers: [JSONValue] = []
        for address in addresses { answers.append(try await get(address, String(key), channel)) }
        do throws(BalanceSource.Fault) {
            return try source.balance(in: answers)
        } catch {
            throw Fault(reason: error.reason)
        }
    }

    private func get(_ url: String, _ key: String, _ channel: Channel) async throws(Fault) -> JSONValue {
        guard let loop = EventLoop.current else { throw Fault(reason: "it was not asked on an event loop") }
        let request = ClientRequest(
            method: .get, url: url, headers: ["authorization": "Bearer \(key)", "accept": "application/json"],
            timeouts: Self.timeouts, proxy: channel.settings.proxyURL,
            verifiesTLS: !channel.settings.skipsTLSVerification, poolKey: "balance:\(channel.id)")
        let status: Int
        let body: [UInt8]
        do throws(HTTPClientError) {
            let response = try await clients.client(on: loop).begin(request).response()
            status = response.status
            body = try await response.collect(upTo: Self.maxAnswerBytes)
        } catch {
            throw Fault(reason: "the vendor could not be asked (\(error.code))")
        }
        guard status == 200 else {
            let said = BalanceSource.message(in: body).map { ": \(Self.without(key, $0))" } ?? ""
            throw Fault(reason: "the vendor answered \(status)\(said)")
        }
        guard let value = try? JSONValue.parse(body) else { throw Fault(reason: "the answer is not JSON") }
        return value
    }

    /// A vendor may quote the key that it refuses.
    private static func without(_ key: String, _ text: String) -> String {
        guard key.utf8.count > 3 else { return text }
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: key) {
            result += rest[..<range.lowerBound] + "***"
            rest = rest[range.upperBound...]
        }
        return result + rest
    }

    /// The day of a time in UTC, or one before it.
    private static func day(_ microseconds: Int64, before days: Int64 = 0) -> String {
        String(RFC3339.text(microseconds - days * 86_400_000_000).prefix(10))
    }

    /// The number with six decimals, as the contract's example has it.
    private static func sixDecimals(_ number: String) -> String {
        let parts = number.split(separator: ".", maxSplits: 1)
        let decimals = parts.count > 1 ? String(parts[1].prefix(6)) : ""
        return "\(parts.first ?? "0").\(decimals)\(String(repeating: "0", count: 6 - decimals.count))"
    }
}
