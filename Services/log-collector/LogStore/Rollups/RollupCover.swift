import Postgres

/// Cuts a stretch of time into spans of several lengths, the longest that fit, so that a sum over a year reads days and only its ends read minutes.
struct RollupCover: Equatable {
    /// Spans of one length that follow each other.
    struct Piece: Equatable {
        let grain: RollupGrain
        /// The beginning of the first span; `nil` is the beginning of time.
        let from: Int64?
        /// The end of the last span; `nil` is the end of time.
        let until: Int64?

        var condition: SQL {
            var parts: [SQL] = ["grain = \(grain.rawValue)"]
            if let from { parts.append("bucket >= \(Timestamp(microseconds: from))") }
            if let until { parts.append("bucket < \(Timestamp(microseconds: until))") }
            return "(" + SQL.joined(parts, separator: " AND ") + ")"
        }
    }

    private(set) var pieces: [Piece] = []

    /// - Parameters:
    ///   - from: A multiple of the shortest length, or `nil`.
    ///   - until: Likewise; does not belong to the stretch.
    ///   - grains: The lengths, longest first.
    init(from: Int64?, until: Int64?, _ grains: [RollupGrain]) {
        add(from, until, grains[...])
    }

    /// True for the spans of any piece; false when there is none.
    var condition: SQL {
        pieces.isEmpty ? "false" : "(" + SQL.joined(pieces.map(\.condition), separator: " OR ") + ")"
    }

    private mutating func add(_ from: Int64?, _ until: Int64?, _ grains: ArraySlice<RollupGrain>) {
        guard let grain = grains.first else { return }
        if let from, let until, from >= until { return }
        let finer = grains.dropFirst()
        let first = from.map { Self.raised($0, to: grain.width) }
        let last = until.map { CivilDate.floored($0, to: grain.width) }
        if let first, let last, first >= last, !finer.isEmpty { return add(from, until, finer) }
        if let from, let first, from < first { add(from, first, finer) }
        pieces.append(Piece(grain: grain, from: first, until: last))
        if let until, let last, last < until { add(last, until, finer) }
    }

    /// The first multiple of a length that is not before a moment.
    static func raised(_ instant: Int64, to width: Int64) -> Int64 {
        let floored = CivilDate.floored(instant, to: width)
        return floored == instant ? instant : floored + width
    }
}

extension RollupWindow {
    /// Every hour that begins in the window.
    var cover: RollupCover {
        let hour = RollupGrain.hour.width
        return RollupCover(
            from: from.map { RollupCover.raised($0, to: hour) },
            until: through.map { CivilDate.floored($0, to: hour) + hour }, [.day, .hour])
    }
}
