import EventLoop
import HTTPCore
import TestSupport
import Testing

@testable import HTTPServer

/// Feeds a machine like the driver does and writes down what it says.
private struct Bench {
    var machine: ConnectionMachine
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var inbox: [UInt8] = []
    var body: [UInt8] = []
    var events: [String] = []

    init(_ configure: (inout ServerConfiguration) -> Void = { _ in }) {
        var configuration = ServerConfiguration(host: "", port: 0)
        configure(&configuration)
        machine = ConnectionMachine(limits: MachineLimits(configuration), at: now)
    }

    mutating func feed(_ text: String) { feed(Array(text.utf8)) }

    mutating func feed(_ bytes: [UInt8]) {
        inbox += bytes
        while true {
            let bytes = inbox
            let (consumed, action) = machine.consume(bytes.span, at: now)
            switch action {
            case .needMore, .hold:
                inbox.removeFirst(consumed)
                return
            case .request(let parsed, let hasBody):
                events.append("request \(parsed.head.target.raw)")
                if !hasBody { events.append("no body") }
            case .body(let range, let isLast):
                body += inbox[range]
                if isLast { events.append("body end") }
            case .bodyFailed(let error): events.append("body failed \(error)")
            case .refuse(let fault):
                events.append("refuse \(fault.status.code)")
                return
            case .end:
                events.append("end")
                return
            case .abandon:
                events.append("abandon")
                return
            }
            inbox.removeFirst(consumed)
        }
    }

    mutating func answer(close: Bool = false) -> ConnectionMachine.FinishAction {
        _ = machine.beginAnswer(status: .ok, body: .none, wantsClose: close)
        let finish = machine.finishAnswer(at: now)
        guard finish == .stay else { return finish }
        return machine.exchangeEnded(at: now)
    }

    mutating func pass(_ duration: Duration) { now = now.advanced(by: duration) }
}

@Suite struct ConnectionMachineTests {
    @Test("requests and bodies are told apart, however the bytes are cut")
    func cuts() {
        let text =
            "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
            + "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
            + "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"
        for pieces in DripFeed.cuts(of: Array(text.utf8)) {
            var bench = Bench()
            for piece in pieces {
                bench.feed(piece)
                // Each answer makes way for the next request.
                while ["body end", "no body"].contains(bench.events.last ?? "") {
                    #expect(bench.answer() == .stay)
                    bench.events.append("answered")
                    bench.feed([])
                }
            }
            #expect(
                bench.events == [
                    "request /1", "body end", "answered", "request /2", "body end", "answered", "request /3", "no body",
                    "answered",
                ])
            #expect(String(decoding: bench.body, as: UTF8.self) == "helloabcde")
        }
    }

    @Test("the next request is held until the current one is answered")
    func hold() {
        var bench = Bench()
        bench.feed("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(bench.events == ["request /1", "no body"])
        #expect(bench.answer() == .stay)
        bench.feed([])
        #expect(bench.events.contains("request /2"))
    }

    @Test("every hostile request is refused or its body fails", arguments: HostileRequest.all)
    func hostile(_ request: HostileRequest) {
        for pieces in DripFeed.cuts(of: request.bytes, maxSplits: 100) {
            var bench = Bench()
            for piece in pieces where !bench.events.contains(where: { $0.hasPrefix("refuse") }) { bench.feed(piece) }
            if request.isInHead {
                #expect(bench.events == ["refuse \(request.status)"])
            } else {
                #expect(bench.events.last?.hasPrefix("body failed") == true, "\(request.name): \(bench.events)")
                #expect(bench.answer() == .linger)
            }
        }
    }

    @Test("an idle connection closes in silence, one that began a head is told")
    func headTimes() {
        var fresh = Bench()
        fresh.pass(.seconds(9))
        #expect(fresh.machine.deadlineReached(at: fresh.now) == .none)
        fresh.pass(.seconds(1))
        #expect(fresh.machine.deadlineReached(at: fresh.now) == .close)

        var slow = Bench()
        slow.pass(.seconds(5))
        slow.feed("GET / HTTP/1.1\r\n")
        slow.pass(.seconds(9))
        slow.feed("Host")
        #expect(slow.machine.deadlineReached(at: slow.now) == .none)
        slow.pass(.seconds(1))
        #expect(slow.machine.deadlineReached(at: slow.now) == .refuse(.headerTimeout))
    }

    @Test("between requests a connection may be idle for the idle time")
    func idleTime() {
        var bench = Bench()
        bench.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(bench.machine.nextDeadline == .never)
        #expect(bench.answer() == .stay)
        bench.pass(.seconds(74))
        #expect(bench.machine.deadlineReached(at: bench.now) == .none)
        bench.pass(.seconds(1))
        #expect(bench.machine.deadlineReached(at: bench.now) == .close)
    }

    @Test("silence inside a body counts only while it is read")
    func bodyTime() {
        var bench = Bench()
        bench.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")
        bench.machine.readingPaused(true, at: bench.now)
        bench.pass(.seconds(300))
        #expect(bench.machine.deadlineReached(at: bench.now) == .none)
        bench.machine.readingPaused(false, at: bench.now)
        bench.pass(.seconds(29))
        bench.feed("c")
        bench.pass(.seconds(29))
        #expect(bench.machine.deadlineReached(at: bench.now) == .none)
        bench.pass(.seconds(1))
        #expect(bench.machine.deadlineReached(at: bench.now) == .bodyFailed(.timedOut))
        #expect(bench.answer() == .linger)
    }

    @Test("100 Continue is owed once, and only until the body or the answer begins")
    func continues() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        var asked = Bench()
        asked.feed(head)
        #expect(asked.machine.nextDeadline == .never)
        let first = asked.machine.bodyWanted(at: asked.now)
        let second = asked.machine.bodyWanted(at: asked.now)
        #expect(first && !second)
        asked.feed("ab")
        #expect(asked.answer() == .stay)

        var eager = Bench()
        eager.feed(head + "ab")
        let eagerOwed = eager.machine.bodyWanted(at: eager.now)
        #expect(!eagerOwed)

        var refused = Bench()
        refused.feed(head)
        let plan = refused.machine.beginAnswer(status: .forbidden, body: .none, wantsClose: false)
        #expect(plan.notice == .close)
        #expect(refused.machine.finishAnswer(at: refused.now) == .linger)
    }

    @Test("a body that nobody read is dropped when it is short, else the connection ends")
    func dropping() {
        var short = Bench()
        short.feed("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
        #expect(short.answer() == .stay)
        short.feed("lloGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(short.events == ["request /1", "request /2", "no body"])

        var long = Bench()
        long.feed("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\nhe")
        #expect(long.answer() == .linger)

        var chunked = Bench()
        chunked.feed("POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(chunked.answer() == .stay)
        let chunk = "10000\r\n\(String(repeating: "x", count: 65_536))\r\n"
        for _ in 0..<5 where chunked.events.last != "abandon" { chunked.feed(chunk) }
        #expect(chunked.events.last == "abandon")
    }

    @Test("an end right behind the request is a half-close, probed when the answer is late")
    func halfClose() {
        var bench = Bench()
        bench.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        bench.pass(.milliseconds(50))
        #expect(bench.machine.endOfInput(at: bench.now) == .keepAnswering)
        bench.pass(.milliseconds(999))
        #expect(bench.machine.deadlineReached(at: bench.now) == .none)
        bench.pass(.milliseconds(1))
        #expect(bench.machine.deadlineReached(at: bench.now) == .probe)
        #expect(bench.answer() == .stay)
        bench.feed([])
        #expect(bench.events.last == "end")
    }

    @Test("a later end is probed before the answer and a departure within it")
    func departure() {
        var waiting = Bench()
        waiting.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        waiting.pass(.milliseconds(101))
        #expect(waiting.machine.endOfInput(at: waiting.now) == .probe)

        var streaming = Bench()
        streaming.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = streaming.machine.beginAnswer(status: .ok, body: .chunked, wantsClose: false)
        streaming.pass(.milliseconds(101))
        #expect(streaming.machine.endOfInput(at: streaming.now) == .gone)

        var leaving = Bench()
        leaving.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = leaving.machine.beginAnswer(status: .ok, body: .chunked, wantsClose: false)
        leaving.pass(.milliseconds(11))
        #expect(
            leaving.machine.endOfInput(at: leaving.now) == .gone, "soon, but not so soon that the answer overtook it")

        var overtaken = Bench()
        overtaken.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = overtaken.machine.beginAnswer(status: .ok, body: .chunked, wantsClose: false)
        overtaken.pass(.milliseconds(2))
        #expect(overtaken.machine.endOfInput(at: overtaken.now) == .keepAnswering)

        var old = Bench()
        old.feed("GET / HTTP/1.0\r\n\r\n")
        old.pass(.milliseconds(101))
        #expect(old.machine.endOfInput(at: old.now) == .gone)

        var uploading = Bench()
        uploading.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")
        #expect(uploading.machine.endOfInput(at: uploading.now) == .gone)

        var idle = Bench()
        #expect(idle.machine.endOfInput(at: idle.now) == .close)
    }

    @Test("an end behind pipelined requests leaves all of them to be answered")
    func pipelinedHalfClose() {
        var bench = Bench()
        bench.feed("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(bench.machine.endOfInput(at: bench.now) == .keepAnswering)
        #expect(bench.answer() == .stay)
        bench.feed([])
        #expect(bench.events.contains("request /2"))
        #expect(bench.answer() == .stay)
        bench.feed([])
        #expect(bench.events.last == "end")
    }

    @Test("framing follows version, method and status")
    func framing() {
        func plan(
            _ request: String, _ status: HTTPStatus, _ body: BodyFraming
        ) -> (ConnectionMachine.AnswerPlan, ConnectionMachine.WriteAction) {
            var bench = Bench()
            bench.feed(request)
            let plan = bench.machine.beginAnswer(status: status, body: body, wantsClose: false)
            return (plan, bench.machine.write(3))
        }
        let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        let head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
        #expect(plan(get, .ok, .chunked) == (.init(framing: .chunked, notice: .implied), .chunk))
        #expect(plan(get, .ok, .length(5)) == (.init(framing: .length(5), notice: .implied), .raw(3)))
        #expect(plan(get, .ok, .length(2)) == (.init(framing: .length(2), notice: .implied), .raw(2)))
        #expect(plan(get, .ok, .none) == (.init(framing: .length(0), notice: .implied), .raw(0)))
        #expect(plan(get, .noContent, .none) == (.init(framing: .none, notice: .implied), .discard))
        #expect(plan(get, .notModified, .length(5)) == (.init(framing: .none, notice: .implied), .discard))
        #expect(plan(head, .ok, .length(5)) == (.init(framing: .length(5), notice: .implied), .discard))
        #expect(plan(head, .ok, .chunked) == (.init(framing: .chunked, notice: .implied), .discard))
        #expect(plan("GET / HTTP/1.0\r\n\r\n", .ok, .chunked) == (.init(framing: .untilClose, notice: .close), .raw(3)))
        let stays = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        #expect(plan(stays, .ok, .length(3)) == (.init(framing: .length(3), notice: .keepAlive), .raw(3)))
    }

    @Test("an answer shorter than declared is cut, one longer is not sent whole")
    func lengths() {
        var short = Bench()
        short.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = short.machine.beginAnswer(status: .ok, body: .length(5), wantsClose: false)
        #expect(short.machine.write(3) == .raw(3))
        #expect(short.machine.finishAnswer(at: short.now) == .cut)

        var long = Bench()
        long.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = long.machine.beginAnswer(status: .ok, body: .length(2), wantsClose: false)
        #expect(long.machine.write(3) == .raw(2))
        #expect(long.machine.finishAnswer(at: long.now) == .linger)
    }

    @Test("draining closes idle connections at once and others after their answer")
    func draining() {
        var idle = Bench()
        idle.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(idle.answer() == .stay)
        let idleCloses = idle.machine.drain(at: idle.now)
        #expect(idleCloses)

        var busy = Bench()
        busy.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let busyCloses = busy.machine.drain(at: busy.now)
        #expect(!busyCloses)
        #expect(busy.answer() == .linger)

        var fresh = Bench()
        let freshCloses = fresh.machine.drain(at: fresh.now)
        #expect(!freshCloses)
        fresh.pass(.seconds(1))
        #expect(fresh.machine.deadlineReached(at: fresh.now) == .close)
    }

    @Test("random events never trap")
    func random() {
        var generator = SeededGenerator(seed: 23)
        let pieces = [
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "hello",
            "\r\n", "x",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n", "0\r\n\r\n", "\0",
        ]
        for _ in 0..<3000 {
            var bench = Bench()
            for _ in 0..<30 {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0: _ = bench.answer(close: Bool.random(using: &generator))
                case 1: _ = bench.machine.endOfInput(at: bench.now)
                case 2:
                    bench.pass(.seconds(Int.random(in: 0..<80, using: &generator)))
                    _ = bench.machine.deadlineReached(at: bench.now)
                case 3: _ = bench.machine.drain(at: bench.now)
                case 4: _ = bench.machine.bodyWanted(at: bench.now)
                case 5: bench.machine.lingerBegan(at: bench.now)
                default: bench.feed(pieces.randomElement(using: &generator) ?? "")
                }
            }
        }
    }
}
