/// What is counted from the beginning: the attempts of a channel, the calls of a token or a group.
package enum TotalKind: String, Codable, Sendable, CaseIterable {
    /// The key is the channel's id.
    case channel
    /// The key is the token's id.
    case token
    /// The key is the group's id.
    case group
}

/// The absolute totals of one channel, token or group; they outlive the records that they were counted from.
package struct CallTotal: Codable, Sendable, Equatable {
    package var kind: TotalKind
    package var key: String
    /// Attempts of a channel, calls of a token or a group.
    package var requests: Int64
    /// Attempts of a channel that another attempt followed; 0 for tokens and groups.
    package var retries: Int64
    /// Money as the text of a decimal number.
    package var usedAmount: String
    /// The beginning of the minute of the last call, in Unix microseconds; `nil` for none.
    package var lastAt: Int64?
    /// Numbers the transaction that changed it last.
    package var stamp: Int64

    package init(
        kind: TotalKind, key: String, requests: Int64, retries: Int64 = 0, usedAmount: String = "0",
        lastAt: Int64? = nil, stamp: Int64
    ) {
        self.kind = kind
        self.key = key
        self.requests = requests
        self.retries = retries
        self.usedAmount = usedAmount
        self.lastAt = lastAt
        self.stamp = stamp
    }
}

/// A place in the order of totals: by stamp, then by kind and key. Totals after it were not read yet.
package struct TotalPlace: Codable, Sendable, Equatable {
    package var stamp: Int64
    package var kind: String
    package var key: String

    package init(stamp: Int64, kind: String, key: String) {
        self.stamp = stamp
        self.kind = kind
        self.key = key
    }

    /// In front of everything with this stamp or a higher one.
    package static func before(_ stamp: Int64) -> TotalPlace {
        TotalPlace(stamp: stamp, kind: "", key: "")
    }

    /// Just behind one total.
    package init(_ total: CallTotal) {
        self.init(stamp: total.stamp, kind: total.kind.rawValue, key: total.key)
    }
}

/// Which totals a reader wants.
package struct TotalsQuery: Codable, Sendable, Equatable {
    package var after: TotalPlace
    /// At most so many; the collector has a bound of its own.
    package var limit: Int

    package init(after: TotalPlace, limit: Int) {
        self.after = after
        self.limit = limit
    }

    /// No page holds more totals than this.
    package static let maxLimit = 1_000
}

/// One page of totals, in the order of their places.
package struct TotalsPage: Codable, Sendable, Equatable {
    /// Names the log database; with another one, or one that was set back, a reader begins anew.
    package var epoch: String
    /// Every transaction with a lower stamp is over, so nothing below can be added any more; from here on a reader must look again.
    package var horizon: Int64
    package var totals: [CallTotal]

    package init(epoch: String, horizon: Int64, totals: [CallTotal]) {
        self.epoch = epoch
        self.horizon = horizon
        self.totals = totals
    }
}

extension Endpoint where Input == TotalsQuery, Output == TotalsPage {
    /// The collector's totals, for the registry's counters.
    package static var totals: Self { Self(method: .post, path: "/internal/v1/totals") }
}
