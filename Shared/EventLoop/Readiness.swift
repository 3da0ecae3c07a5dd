import CLinux

/// What a watcher wants to hear of a file descriptor.
package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing but errors and hang-ups. An empty array literal says the same, but through a generic initialiser that allocates.
    package init() { rawValue = 0 }

    /// Whether all of `other` is in; written out, since the generic one of option sets is a call with metadata on every event.
    package func contains(_ other: Self) -> Bool {
        rawValue & other.rawValue == other.rawValue
    }

    /// Bytes, a connection or the end of the peer's stream can be read.
    package static let readable = Interest(rawValue: 1)
    /// The send buffer has room.
    package static let writable = Interest(rawValue: 2)

    /// The end of the peer's stream is known already and must not be told again and again (`EPOLLRDHUP` is level triggered like the rest).
    package static let withoutReadHangup = Interest(rawValue: 4)

    var epollMask: UInt32 {
        var mask = contains(.withoutReadHangup) ? 0 : clinux_EPOLLRDHUP
        if contains(.readable) { mask |= clinux_EPOLLIN }
        if contains(.writable) { mask |= clinux_EPOLLOUT }
        return mask
    }
}

/// What happened to a file descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether all of `other` is in; written out, since the generic one of option sets is a call with metadata on every event.
    package func contains(_ other: Self) -> Bool {
        rawValue & other.rawValue == other.rawValue
    }

    /// Whether nothing of `other` is in; written out as `contains` is.
    package func isDisjoint(with other: Self) -> Bool {
        rawValue & other.rawValue == 0
    }

    /// Reading will not block.
    package static let readable = Readiness(rawValue: 1)
    /// Writing will not block.
    package static let writable = Readiness(rawValue: 2)
    /// The peer will send no more (`EPOLLRDHUP`): a half-close or a close, which look alike.
    package static let readHangup = Readiness(rawValue: 4)
    /// Both directions are gone (`EPOLLHUP`).
    package static let hangup = Readiness(rawValue: 8)
    /// An error waits in `SO_ERROR` (`EPOLLERR`).
    package static let error = Readiness(rawValue: 16)
    /// Any way in which the peer or the connection came to an end. A literal would be put together by a generic call, with allocations, on every event.
    package static let ended = Readiness(rawValue: 4 | 8 | 16)
    /// What reading would find something of: bytes or an end.
    package static let readableOrEnded = Readiness(rawValue: 1 | 4 | 8 | 16)

    init(epollMask mask: UInt32) {
        var value: UInt8 = 0
        if mask & clinux_EPOLLIN != 0 { value |= 1 }
        if mask & clinux_EPOLLOUT != 0 { value |= 2 }
        if mask & clinux_EPOLLRDHUP != 0 { value |= 4 }
        if mask & clinux_EPOLLHUP != 0 { value |= 8 }
        if mask & clinux_EPOLLERR != 0 { value |= 16 }
        self.init(rawValue: value)
    }
}

/// Hears of the readiness of a file descriptor, on the thread of the loop that watches it.
package protocol ReadinessHandler: AnyObject {
    /// Called once per pass in which the descriptor is ready; level triggered.
    func ready(_ readiness: Readiness)
}
