import EventLoop
import Glibc
import TestSupport
import Testing

@Suite("Event loop: descriptors", .timeLimit(.minutes(1)))
struct EventLoopDescriptorTests {
    @Test("a watcher hears of bytes, of room and of the end of the stream")
    func readiness() async throws {
        try await withLoop { loop in
            let heard = Trail<Readiness>()
            let end = Gate()
            try await loop.run {
                let pair = SocketPair()
                let near = pair.near
                try loop.watch(
                    near, .readable,
                    Listener { readiness in
                        heard.add(readiness)
                        var byte: UInt8 = 0
                        if unsafe read(near, &byte, 1) == 0 {
                            loop.unwatch(near)
                            pair.closeNear()
                            end.open()
                        } else {
                            pair.closeFar()
                        }
                    })
                pair.sendFromFar("x")
            }
            await end.pass()
            #expect(heard.all.count == 2)
            #expect(heard.all.first == .readable)
            #expect(heard.all.last?.isSuperset(of: [.readable, .readHangup]) == true)
        }
    }

    @Test("changed interest takes effect, and readiness that is no longer wanted is not told")
    func update() async throws {
        try await withLoop { loop in
            let heard = Trail<Readiness>()
            let end = Gate()
            try await loop.run {
                let pair = SocketPair()
                try loop.watch(
                    pair.near, [],
                    Listener { readiness in
                        heard.add(readiness)
                        loop.unwatch(pair.near)
                        end.open()
                    })
                pair.sendFromFar("x")
                try loop.update(pair.near, .writable)
            }
            await end.pass()
            #expect(heard.all == [.writable])
        }
    }

    @Test("a peer that ends its stream while nobody reads is told once and does not spin the loop")
    func hangupOnce() async throws {
        try await withLoop { loop in
            let heard = Trail<Readiness>()
            let first = Gate()
            let end = Gate()
            try await loop.run {
                let pair = SocketPair()
                try loop.watch(
                    pair.near, [],
                    Listener { readiness in
                        heard.add(readiness)
                        if readiness.contains(.readable) {
                            loop.unwatch(pair.near)
                            end.open()
                        } else {
                            first.open()
                            _ = loop.schedule(after: .milliseconds(2)) { try? loop.update(pair.near, .readable) }
                        }
                    })
                shutdown(pair.far, Int32(SHUT_WR))
            }
            await first.pass()
            await end.pass()
            #expect(heard.all == [.readHangup, [.readable, .readHangup]])
        }
    }

    @Test("events of a pass are dropped when an earlier handler of that pass unwatched the descriptor")
    func staleAfterUnwatch() async throws {
        try await withLoop { loop in
            let heard = Trail<Int>()
            try await loop.run {
                let pairs = [SocketPair(), SocketPair()]
                for (number, pair) in pairs.enumerated() {
                    try loop.watch(
                        pair.near, .readable,
                        Listener { _ in
                            heard.add(number)
                            for pair in pairs { loop.unwatch(pair.near) }
                        })
                    pair.sendFromFar("x")
                }
            }
            while heard.all.isEmpty { try await loop.run {} }
            for _ in 0..<3 { try await loop.run {} }
            #expect(heard.all.count == 1)
        }
    }

    @Test("events of a pass are not told to the watcher of a new descriptor with the old number")
    func staleAfterReuse() async throws {
        try await withLoop { loop in
            let heard = Trail<String>()
            let end = Gate()
            try await loop.run {
                let first = SocketPair()
                let second = SocketPair()
                let replacement = SocketPair()
                var hasReplaced = false
                func replace(_ victim: SocketPair) {
                    guard !hasReplaced else { return }
                    hasReplaced = true
                    let number = victim.near
                    loop.unwatch(number)
                    // The same number names another open socket from here on, with nothing to read.
                    dup2(replacement.near, number)
                    do {
                        try loop.watch(
                            number, .readable,
                            Listener { _ in
                                heard.add("replacement")
                                loop.unwatch(number)
                                victim.closeNear()
                                end.open()
                            })
                    } catch {
                        heard.add("\(error)")
                    }
                    _ = loop.schedule(after: .milliseconds(2)) {
                        heard.add("sending")
                        replacement.sendFromFar("x")
                    }
                }
                try loop.watch(
                    first.near, .readable,
                    Listener { _ in
                        loop.unwatch(first.near)
                        replace(second)
                    })
                try loop.watch(
                    second.near, .readable,
                    Listener { _ in
                        loop.unwatch(second.near)
                        replace(first)
                    })
                first.sendFromFar("x")
                second.sendFromFar("x")
            }
            await end.pass()
            #expect(heard.all == ["sending", "replacement"])
        }
    }

    @Test("watching again replaces the handler")
    func rewatch() async throws {
        try await withLoop { loop in
            let heard = Trail<String>()
            let end = Gate()
            try await loop.run {
                let pair = SocketPair()
                try loop.watch(pair.near, .readable, Listener { _ in heard.add("old") })
                try loop.watch(
                    pair.near, .readable,
                    Listener { _ in
                        heard.add("new")
                        loop.unwatch(pair.near)
                        end.open()
                    })
                pair.sendFromFar("x")
            }
            await end.pass()
            #expect(heard.all == ["new"])
        }
    }

    @Test("descriptors that cannot be watched are refused and nothing is kept of them")
    func refused() async throws {
        try await withLoop { loop in
            let errors = try await loop.run {
                var errors: [EventLoopError?] = []
                let file = unsafe open("/etc/hostname", O_RDONLY)
                defer { close(file) }
                for descriptor in [-1, 1_000_000, file] {
                    weak var kept: Listener?
                    do throws(EventLoopError) {
                        let listener = Listener { _ in }
                        kept = listener
                        try loop.watch(descriptor, .readable, listener)
                        errors.append(nil)
                    } catch {
                        errors.append(error)
                    }
                    if kept != nil { errors.append(nil) }
                    loop.unwatch(descriptor)
                    try loop.update(descriptor, .writable)
                }
                return errors
            }
            let codes = [EBADF, EBADF, EPERM]
            #expect(errors == codes.map { EventLoopError.system(call: "epoll_ctl", errno: $0) })
        }
    }
}
