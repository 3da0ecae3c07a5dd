import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InferenceModel
import Synchronization
import TestSupport
import Testing

@testable import MediaFetch

@Suite("Fetching what a request names", .timeLimit(.minutes(1)))
struct FetchTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

    /// Fetches from a server on 127.0.0.1; `$` in addresses is its origin.
    private func fetch(
        _ addresses: [String], kind: Media.Kind = .image, allowing list: String? = "127.0.0.1",
        limits: MediaFetcher.Limits = MediaFetcher.Limits(), with fetcher: MediaFetcher? = nil,
        cancelAfter: Duration? = nil
    ) async throws -> (
        reason: String?, address: String?, media: [FetchedMedia?], asked: Int, most: Int, took: Duration
    ) {
        try await withLoops { group in
            let site = Site()
            let server = HTTPServer(
                ServerConfiguration(host: "127.0.0.1", port: 0), group: group,
                handler: { try await site.answer($0, $1) })
            let port = Int(try await server.start().port)
            site.port.withLock { $0 = port }
            let clients = try HTTPClientGroup(group: group)
            let policy = try #require(list.map { FetchPolicy(allowing: $0) } ?? FetchPolicy())
            let loop = group.loops[0]
            let origin = "http://127.0.0.1:\(port)"
            let wanted = addresses.map {
                Media(kind, .url($0.replacing("$", with: origin).replacing("PORT", with: "\(port)")))
            }
            let result = try await loop.run { () -> (String?, String?, [FetchedMedia?], Duration) in
                let job = MediaJob(
                    fetcher ?? MediaFetcher(policy: policy, limits: limits), client: clients.client(on: loop))
                if let cancelAfter {
                    loop.spawn {
                        try? await loop.sleep(for: cancelAfter)
                        job.cancel()
                    }
                }
                let started = MonotonicTime.now()
                let failed = await job.fetch(wanted)
                let took = started.duration(to: .now())
                let media = wanted.map { media -> FetchedMedia? in
                    guard case .url(let address) = media.source else { return nil }
                    return job.media(address)
                }
                return (failed?.error.reason, failed?.address, media, took)
            }
            await clients.shutdown()
            await server.drain(deadline: .seconds(1))
            return (result.0, result.1, result.2, site.asked.withLock { $0 }, site.most.withLock { $0 }, result.3)
        }
    }

    @Test("a picture comes with the type that its bytes tell, whatever the server says")
    func picture() async throws {
        let got = try await fetch(["$/png"])
        #expect(got.reason == nil)
        #expect(got.media == [FetchedMedia(bytes: Self.png, type: "image/png")])
    }

    @Test("redirects are followed three times, relative ones too, and no fourth time")
    func redirects() async throws {
        #expect(try await fetch(["$/hops/3"]).reason == nil)
        #expect(try await fetch(["$/hops/4"]).reason == "it redirects more than 3 times")
    }

    @Test(
        "an inner address is not fetched, however it is written",
        arguments: [
            "http://127.0.0.1:PORT/png", "http://localhost:PORT/png", "http://2130706433:PORT/png",
            "http://0x7f.1:PORT/png", "http://0:PORT/png", "http://[::ffff:127.0.0.1]:PORT/png",
            "http://127.1:PORT/png",
            "http://[::1]:PORT/png",
        ])
    func inner(_ address: String) async throws {
        let got = try await fetch([address], allowing: nil)
        #expect(got.media == [nil])
        #expect(got.asked == 0)
        #expect(got.reason == "its host is not in the public internet")
    }

    @Test("the metadata address of clouds is not asked, listed or not")
    func metadata() async throws {
        let got = try await fetch(["http://169.254.169.254/latest/meta-data/"], allowing: "169.254.169.254,0.0.0.0/0")
        #expect(got.reason == "its host is not in the public internet")
    }

    @Test("a redirect from an allowed host to an inner one is not followed")
    func redirectInside() async throws {
        // The name is listed, the address is not.
        let got = try await fetch(["http://localhost:PORT/to-loopback"], allowing: "localhost")
        #expect(got.reason == "its host is not in the public internet")
        #expect(got.asked == 1)
        #expect(try await fetch(["$/to-metadata"]).reason == "its host is not in the public internet")
        #expect(try await fetch(["$/to-file"]).reason == "it redirects to something that is no web address")
    }

    @Test("what the process fetches and holds at once is bounded; what is let go makes room")
    func budget() async throws {
        var limits = MediaFetcher.Limits()
        limits.processFiles = 0
        #expect(try await fetch(["$/png"], limits: limits).reason == "the gateway is too busy")
        limits = MediaFetcher.Limits()
        limits.processBytes = 10
        #expect(try await fetch(["$/png"], limits: limits).reason == "the gateway is too busy")
        limits.processBytes = 11
        #expect(try await fetch(["$/png"], limits: limits).reason == nil)
        // The same file again is another address, for which there is no room.
        #expect(try await fetch(["$/png", "$/png?again"], limits: limits).reason == "the gateway is too busy")
        let budget = MediaBudget(files: 1, bytes: 5)
        #expect(budget.begin() && !budget.begin())
        budget.end()
        #expect(budget.begin() && budget.take(5) && !budget.take(1))
        budget.give(1)
        #expect(budget.take(1) && budget.used == (1, 5))
    }

    @Test("what could not be had, and jobs that are gone, leave nothing in the budget")
    func budgetIsGivenBack() async throws {
        var limits = MediaFetcher.Limits()
        limits.totalBytes = 11
        for addresses in [["$/png"], ["$/png", "$/png?again"], ["$/text"], ["$/endless"]] {
            limits.bytes = 300_000
            #expect(try await left(after: addresses, limits: limits) == (0, 0))
        }
    }

    /// What the budget holds after a job for these addresses is gone.
    private func left(after addresses: [String], limits: MediaFetcher.Limits) async throws -> (files: Int, bytes: Int) {
        let fetcher = MediaFetcher(policy: try #require(FetchPolicy(allowing: "127.0.0.1")), limits: limits)
        _ = try await fetch(addresses, limits: limits, with: fetcher)
        return fetcher.budget.used
    }

    @Test("a body without end is cut off at the limit")
    func endless() async throws {
        var limits = MediaFetcher.Limits()
        limits.bytes = 300_000
        let got = try await fetch(["$/endless"], limits: limits)
        #expect(got.reason == "it is larger than 300000 bytes")
    }

    @Test("a server that says nothing costs the time of the limit, redirects included")
    func silent() async throws {
        var limits = MediaFetcher.Limits()
        limits.duration = .seconds(1)
        let got = try await fetch(["$/silent"], limits: limits)
        #expect(got.reason == "it took longer than 1 seconds")
        #expect(got.took < .seconds(5))
    }

    @Test("files of one call are fetched three at a time, each once")
    func several() async throws {
        let got = try await fetch((0..<8).map { "$/slow/\($0)" } + ["$/slow/0"])
        #expect(got.reason == nil)
        #expect(got.asked == 8)
        #expect(got.most == 3)
        #expect(got.media.allSatisfy { $0 != nil })
    }

    @Test("more addresses than ten, and more bytes than allowed, are refused")
    func bounds() async throws {
        let got = try await fetch((0..<11).map { "$/slow/\($0)" })
        #expect(got.asked == 0)
        #expect(got.address?.hasSuffix("/slow/10") == true)
        var limits = MediaFetcher.Limits()
        limits.totalBytes = 20
        let much = try await fetch(["$/png", "$/slow/1"], limits: limits)
        #expect(much.reason == "all that the request names is together larger than 20 bytes")
    }

    @Test("the address that fails is told, with the server's status")
    func failing() async throws {
        let got = try await fetch(["$/png", "$/missing"])
        #expect(got.reason == "its server answered with status 404")
        #expect(got.address?.hasSuffix("/missing") == true)
    }

    @Test("a page is no picture, and a picture is no document")
    func otherKinds() async throws {
        #expect(try await fetch(["$/page"]).reason == "what it leads to is no image of a known type")
        #expect(try await fetch(["$/png"], kind: .audio).reason == "what it leads to is no sound of a known type")
        #expect(try await fetch(["$/page"], kind: .document).media.first??.type == "text/html")
    }

    @Test("a call that ends takes its fetches with it")
    func cancelled() async throws {
        let got = try await fetch(["$/silent", "$/silent?2"], cancelAfter: .milliseconds(100))
        #expect(got.reason == "the call ended")
        #expect(got.took < .seconds(5))
    }

    @Test("addresses in turns and in results of tools become bytes, others stay")
    func replacing() {
        var request = InferenceRequest(model: "m")
        let video = Part.media(Media(.video, .url("https://h/v")))
        let file = Part.media(Media(.image, .url("gs://bucket/x")))
        request.turns = [
            Turn(.user, [.text("t"), .media(Media(.image, .url("https://h/a"), detail: "low")), video, file]),
            Turn(.user, [.toolResult(ToolResult(callID: "c", parts: [.media(Media(.image, .url("https://h/b")))]))]),
        ]
        #expect(request.named([.image]).map(\.source) == [.url("https://h/a"), .url("https://h/b")])
        #expect(request.named([]).isEmpty)
        request.inline([.image]) { ("bytes of \($0)", "image/png") }
        let first = Media(.image, .base64("bytes of https://h/a"), mediaType: "image/png", detail: "low")
        let second = Media(.image, .base64("bytes of https://h/b"), mediaType: "image/png")
        #expect(request.turns[0].parts == [.text("t"), .media(first), video, file])
        #expect(request.turns[1].parts == [.toolResult(ToolResult(callID: "c", parts: [.media(second)]))])
    }
}

/// A site with pictures and traps.
private final class Site: Sendable {
    let port = Mutex(0)
    let asked = Mutex(0)
    let most = Mutex(0)
    private let now = Mutex(0)

    func answer(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        asked.withLock { $0 += 1 }
        let running = now.withLock { now in
            now += 1
            return now
        }
        most.withLock { $0 = max($0, running) }
        defer { now.withLock { $0 -= 1 } }
        let path = request.head.target.rawPath
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
        func redirect(_ location: String) throws {
            try writer.respond(.found, ["location": location], [])
        }
        switch path {
        case "/png": try writer.respond(.ok, ["content-type": "text/plain"], png)
        case "/page": try writer.respond(.ok, ["content-type": "text/html; charset=utf-8"], Array("<html>".utf8))
        case "/to-loopback": try redirect("http://127.0.0.1:\(port.withLock { $0 })/png")
        case "/to-metadata": try redirect("http://169.254.169.254/latest/meta-data/")
        case "/to-file": try redirect("file:///etc/passwd")
        case "/silent": try await request.loop.sleep(for: .seconds(8))
        case "/endless":
            try writer.head(.ok, ["content-type": "image/png"], .chunked)
            while !writer.isClosed {
                _ = writer.write([UInt8](repeating: 7, count: 65_536))
                try await writer.drained()
            }
        case _ where path.hasPrefix("/hops/"):
            let left = Int(path.dropFirst(6)) ?? 0
            try redirect(left == 1 ? "../png" : "\(left - 1)")
        case _ where path.hasPrefix("/slow/"):
            try await request.loop.sleep(for: .milliseconds(50))
            try writer.respond(.ok, [:], png)
        default: try writer.respond(.notFound, [:], [])
        }
    }
}
