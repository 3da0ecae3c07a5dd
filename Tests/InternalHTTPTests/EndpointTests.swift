import Contracts
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InternalHTTP
import Telemetry
import TestSupport
import Testing

@Suite("Endpoints over sockets", .timeLimit(.minutes(1)))
struct EndpointTests {
    private struct Unforeseen: Error {
        let secret = "do not tell"
    }

    private let one = Sum(parts: [Sum.Part(value: 1, note: "ä\"\u{0}")])

    private func error(_ call: () async throws(PeerError) -> some Sendable) async -> PeerError? {
        do throws(PeerError) {
            _ = try await call()
            return nil
        } catch {
            return error
        }
    }

    @Test("a value goes there and another comes back, called from a loop and from elsewhere")
    func roundTrip() async throws {
        try await PeerFixture.serving { router in
            router.serve(.add, key: PeerFixture.key, logger: .silent) { sum, _ in
                Sum(parts: sum.parts + [Sum.Part(value: sum.parts.count)])
            }
            router.serve(.read, key: PeerFixture.key, logger: .silent) { _, _ in Sum(parts: []) }
        } _: { fixture in
            let peer = fixture.peer()
            let expected = Sum(parts: one.parts + [Sum.Part(value: 1)])
            #expect(try await peer.call(.add, one, timeout: .seconds(10)) == expected)
            #expect(try await peer.call(.read, Nothing(), timeout: .seconds(10)) == Sum(parts: []))
            let one = one
            for loop in fixture.loops.loops {
                let (answer, stayed) = try await loop.run {
                    (try await peer.call(.add, one, timeout: .seconds(10)), loop.isCurrent)
                }
                #expect(answer == expected)
                #expect(stayed)
            }
            // A loop that is not one of the client's: the call runs elsewhere, the caller comes back.
            try await withLoops(name: "strange") { strange in
                let answer = try await strange.loops[0].run {
                    let answer = try await peer.call(.add, one, timeout: .seconds(10))
                    return strange.loops[0].isCurrent ? answer : nil
                }
                #expect(answer == expected)
            }
        }
    }

    @Test("a wrong, empty or missing key is refused before the body is looked at")
    func wrongKey() async throws {
        try await PeerFixture.serving { router in
            router.serve(.add, key: PeerFixture.key, logger: .silent) { sum, _ in sum }
            router.serve(.read, key: Redacted(""), logger: .silent) { _, _ in Sum(parts: []) }
        } _: { fixture in
            for key in ["wrong", "", "the right key!", "The right key"] {
                let refused = await error { () async throws(PeerError) in
                    try await fixture.peer(key: Redacted(key)).send(
                        path: "/internal/v1/add", body: Array("not JSON".utf8), contentType: "text/plain",
                        timeout: .seconds(10))
                }
                #expect(
                    refused
                        == .fault(
                            Fault(code: "unauthorized", message: "the internal key is missing or wrong"), status: 401,
                            retryAfter: nil))
            }
            // A service without a key of its own lets nobody in.
            let refused = await error { () async throws(PeerError) in
                try await fixture.peer(key: Redacted("")).call(.read, Nothing(), timeout: .seconds(10))
            }
            #expect(refused?.code == "unauthorized")
        }
    }

    @Test("a body that is not the input is refused with the place of the fault")
    func malformed() async throws {
        try await PeerFixture.serving { router in
            router.serve(.add, key: PeerFixture.key, logger: .silent, maxBodyBytes: 200) { sum, _ in sum }
        } _: { fixture in
            let cases = [
                (#"{"parts":[{"value":"s3cret"}]}"#, 400, "parts[0].value: not of type Int"),
                (#"{"parts":[{"value":1},{}]}"#, 400, "parts[1].value: missing"),
                (#"{}"#, 400, "parts: missing"), (#"{"parts":null}"#, 400, nil), (#"[]"#, 400, nil),
                ("s3cret", 400, "the body is not JSON"), ("", 400, "the body is not JSON"),
                (#"{"parts":[{"value":1e999}]}"#, 400, nil),
                (
                    #"{"parts":[], "x":"\#(String(repeating: "x", count: 200))"}"#, 413,
                    "the body has more than 200 bytes"
                ),
            ]
            for (body, status, message) in cases {
                let refused = await error { () async throws(PeerError) in
                    try await fixture.peer().send(
                        path: "/internal/v1/add", body: Array(body.utf8), contentType: "application/json",
                        timeout: .seconds(10))
                }
                guard case .fault(let fault, let answered, _) = refused else {
                    Issue.record("\(body): \(String(describing: refused))")
                    continue
                }
                #expect(answered == status)
                #expect(fault.code == (status == 413 ? "too_large" : "malformed"))
                if let message { #expect(fault.message == message) }
                #expect(!fault.message.contains("s3cret"))
            }
        }
    }

    @Test("a fault has the status of its code; any other error is logged and told as nothing")
    func faults() async throws {
        let sink = CollectingSink()
        let logger = Logger(service: "test", sink: sink)
        try await PeerFixture.serving { router in
            router.serve(.add, key: PeerFixture.key, logger: logger) { sum, _ in
                guard let note = sum.parts.first?.note else { throw Unforeseen() }
                throw Fault(code: note, message: "because")
            }
        } _: { fixture in
            let statuses = [
                "malformed": 400, "unauthorized": 401, "not_found": 404, "conflict": 409, "too_large": 413, "busy": 429,
                "internal": 500, "unavailable": 503, "something_else": 422,
            ]
            for (code, status) in statuses {
                let refused = await error { () async throws(PeerError) in
                    try await fixture.peer().call(
                        .add, Sum(parts: [Sum.Part(value: 0, note: code)]), timeout: .seconds(10))
                }
                #expect(refused == .fault(Fault(code: code, message: "because"), status: status, retryAfter: nil))
            }
            #expect(sink.lines == [])
            let refused = await error { () async throws(PeerError) in
                try await fixture.peer().call(.add, Sum(parts: []), timeout: .seconds(10))
            }
            #expect(
                refused
                    == .fault(
                        Fault(code: "internal", message: "the call could not be handled"), status: 500, retryAfter: nil)
            )
            #expect(sink.lines.count == 1)
            #expect(sink.lines.first?.contains("/internal/v1/add") == true)
        }
    }

    @Test("answers that are not the peer's are told apart from faults")
    func strangers() async throws {
        try await PeerFixture.serving { router in
            router.on(.post, "/internal/v1/add") { request, response in
                let kind = String(decoding: try await request.body.collect(), as: UTF8.self)
                switch kind {
                case _ where kind.contains(":1"): try response.respond(.ok, [:], Array("<html>".utf8))
                case _ where kind.contains(":2"): try response.respond(.found, ["location": "http://127.0.0.1:1/"], [])
                case _ where kind.contains(":3"):
                    try response.respond(
                        .serviceUnavailable, ["retry-after": "7"], Array(#"{"code":"busy","message":"m"}"#.utf8))
                default: try response.respond(.ok, [:], [UInt8](repeating: 0x20, count: 1000))
                }
            }
        } _: { fixture in
            func call(_ value: Int) async -> PeerError? {
                await error { () async throws(PeerError) in
                    try await fixture.peer().call(
                        .add, Sum(parts: [Sum.Part(value: value)]), timeout: .seconds(10), maxAnswerBytes: 500)
                }
            }
            #expect(await call(1) == .unexpected(status: 200, "the body is not JSON"))
            #expect(await call(2) == .unexpected(status: 302, "the answer is no fault of a peer"))
            #expect(
                await call(3) == .fault(Fault(code: "busy", message: "m"), status: 503, retryAfter: .seconds(7)))
            #expect(await call(4) == .transport(.tooLarge(limit: 500)))
            let elsewhere = await error { () async throws(PeerError) in
                try await fixture.peer(base: "http://127.0.0.1:\(fixture.port)/not/there").call(
                    .add, one, timeout: .seconds(10))
            }
            #expect(elsewhere == .unexpected(status: 404, "the answer is no fault of a peer"))
        }
    }

    @Test("a peer that is not there, does not answer or is not waited for fails in its own way")
    func silence() async throws {
        try await PeerFixture.serving { router in
            router.on(.post, "/internal/v1/add") { request, _ in try await request.loop.sleep(for: .seconds(3_600)) }
        } _: { fixture in
            let one = one
            let refused = await error { () async throws(PeerError) in
                try await fixture.peer(base: "http://127.0.0.1:1").call(.add, one, timeout: .seconds(10))
            }
            guard case .transport(.connect) = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
            let late = await error { () async throws(PeerError) in
                try await fixture.peer().call(.add, one, timeout: .milliseconds(30))
            }
            #expect(late == .transport(.timedOut(.total)))
            let call = Task {
                await error { () async throws(PeerError) in
                    try await fixture.peer().call(.add, one, timeout: .seconds(3_600))
                }
            }
            call.cancel()
            #expect(await call.value?.isCancellation == true)
        }
    }
}
