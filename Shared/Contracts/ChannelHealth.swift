/// What one gateway saw of its upstream calls since its last report (design §6).
///
/// Ages are seconds before the report is sent, so that clocks of two machines are never compared. Only whole seconds are reported: what happens in the
/// current one comes with the next report. A report that is sent again after a lost answer has the same sequence and is counted once.
package struct HealthReport: Codable, Sendable, Equatable {
    /// Names one run of one gateway.
    package var instance: String
    /// Grows by one with each report that carries something; one that only asks repeats the last.
    package var sequence: Int64
    /// The newest clear command that the gateway has carried out; `nil` in its first report.
    package var clearsAfter: Int64?
    package var attempts: [HealthCounts]
    package var callers: [CallerCounts]
    /// Bans that began or were renewed.
    package var banned: [HealthBan]
    /// Pairs whose ban ended with a call that succeeded; their statistics begin anew.
    package var lifted: [HealthPair]

    package init(
        instance: String, sequence: Int64, clearsAfter: Int64? = nil, attempts: [HealthCounts] = [],
        callers: [CallerCounts] = [], banned: [HealthBan] = [], lifted: [HealthPair] = []
    ) {
        self.instance = instance
        self.sequence = sequence
        self.clearsAfter = clearsAfter
        self.attempts = attempts
        self.callers = callers
        self.banned = banned
        self.lifted = lifted
    }

    /// Whether the report only asks.
    package var isEmpty: Bool { attempts.isEmpty && callers.isEmpty && banned.isEmpty && lifted.isEmpty }

    /// No report holds more rows of one kind than this; what is left comes with the next one.
    package static let maxRows = 5_000
    /// Counts older than this, in seconds, are of no use to anybody.
    package static let window = 120
    /// How long errors are kept together, in seconds.
    package static let slice = 10
    /// Below this many finished attempts an error rate says nothing (contract relay §3).
    package static let minimumRequests = 10
}

/// A model on a channel.
package struct HealthPair: Codable, Sendable, Hashable {
    package var channel: Int
    package var model: String

    package init(channel: Int, model: String) {
        self.channel = channel
        self.model = model
    }
}

/// The attempts at one pair in one second.
package struct HealthCounts: Codable, Sendable, Equatable {
    package var channel: Int
    package var model: String
    /// Seconds before the report.
    package var age: Int
    /// All attempts, also those that say nothing of the channel: the rate of traffic.
    package var calls: Int
    package var tokens: Int
    /// Attempts that count for or against the channel.
    package var requests: Int
    package var errors: Int

    package init(
        channel: Int, model: String, age: Int, calls: Int = 0, tokens: Int = 0, requests: Int = 0, errors: Int = 0
    ) {
        self.channel = channel
        self.model = model
        self.age = age
        self.calls = calls
        self.tokens = tokens
        self.requests = requests
        self.errors = errors
    }
}

/// The calls of one tenant key for one model in one second, those among them that a limit refused.
package struct CallerCounts: Codable, Sendable, Equatable {
    package var group: String
    package var token: String
    package var model: String
    /// Seconds before the report.
    package var age: Int
    package var calls: Int
    package var tokens: Int

    package init(group: String, token: String, model: String, age: Int, calls: Int, tokens: Int) {
        self.group = group
        self.token = token
        self.model = model
        self.age = age
        self.calls = calls
        self.tokens = tokens
    }
}

/// A model that is out of use on a channel for a while.
package struct HealthBan: Codable, Sendable, Equatable {
    /// Why; a closed set.
    package enum Reason: String, Codable, Sendable, CaseIterable {
        /// A 401, 402, 403 or 404 on a channel with `enabled_no_permission_ban`.
        case noPermission = "no_permission"
        /// As many errors as the channel's `max_error_rate` allows, or more.
        case errorRate = "error_rate"
        /// The first call after the ban failed too.
        case failedAgain = "failed_again"
    }

    package var channel: Int
    package var model: String
    package var reason: Reason
    /// What is left of it; 0 or less once single calls may try again.
    package var seconds: Int

    package init(channel: Int, model: String, reason: Reason, seconds: Int) {
        self.channel = channel
        self.model = model
        self.reason = reason
        self.seconds = seconds
    }
}

/// What the other gateways know; the answer to a report.
package struct HealthView: Codable, Sendable, Equatable {
    /// The attempts of other gateways at one pair in the last two minutes.
    package struct Others: Codable, Sendable, Equatable {
        package var channel: Int
        package var model: String
        package var requests: Int
        package var errors: Int

        package init(channel: Int, model: String, requests: Int, errors: Int) {
            self.channel = channel
            self.model = model
            self.requests = requests
            self.errors = errors
        }
    }

    /// A command to forget statistics and bans.
    package struct Clear: Codable, Sendable, Hashable {
        /// `nil` for all channels.
        package var channel: Int?
        /// `nil` for all models.
        package var model: String?

        package init(channel: Int? = nil, model: String? = nil) {
            self.channel = channel
            self.model = model
        }
    }

    /// The newest clear command there is; `clears` are those after the report's `clearsAfter`.
    package var clearsAfter: Int64
    package var clears: [Clear]
    /// All pairs, those with most errors first, at most `maxPairs`.
    package var others: [Others]
    /// Every ban there is, also those of this gateway and those that single calls may try to end.
    package var bans: [HealthBan]

    package init(clearsAfter: Int64 = 0, clears: [Clear] = [], others: [Others] = [], bans: [HealthBan] = []) {
        self.clearsAfter = clearsAfter
        self.clears = clears
        self.others = others
        self.bans = bans
    }

    /// Of more pairs than this nothing is told.
    package static let maxPairs = 20_000
}

extension Endpoint where Input == HealthReport, Output == HealthView {
    /// Takes what a gateway saw and answers what the others saw; once a second.
    package static var health: Self { Self(method: .post, path: "/internal/v1/health") }
}
