import Contracts
import EventLoop
import HTTPClient
import HTTPServer
import InternalHTTP
import RegistryStore
import Telemetry
import Testing

@testable import SnapshotPublisher

@Suite("The snapshot feed over internal HTTP")
struct SnapshotRoutesTests {
    private func withBoard(
        key: String = "internal", _ body: (SnapshotBoard, PeerClient) async throws -> Void
    ) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        let board = SnapshotBoard()
        var router = Router()
        SnapshotRoutes.install(
            on: &router, board: board, key: Redacted("internal"), logger: .silent,
            metrics: FeedMetrics(MetricsRegistry(), board: board))
        let routes = router
        let server = HTTPServer(ServerConfiguration(host: "127.0.0.1", port: 0), group: loops) { request, response in
            try await routes.handle(request, response)
        }
        let address = try await server.start()
        let clients = try HTTPClientGroup(group: loops)
        let peer = PeerClient(
            baseURL: "http://\(address)", key: Redacted(key), clients: clients, loops: loops, logger: .silent)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(board, peer))
        } catch {
            result = .failure(error)
        }
        board.close()
        await clients.shutdown()
        await server.drain(deadline: .seconds(5))
        try result.get()
    }

    private func mirror(_ revision: Int64, _ channels: [SnapshotChannel] = []) -> SnapshotMirror {
        let entries = channels.map { ($0.id, Stamped(revision: revision, value: $0)) }
        return SnapshotMirror(
            whole: FeedChanges(
                position: FeedPosition(epoch: "e", revision: revision, tombstonesAfter: 0),
                channels: Dictionary(uniqueKeysWithValues: entries)))
    }

    @Test("a snapshot arrives as it was sent, with every field")
    func roundTrip() async throws {
        try await withBoard { board, peer async throws in
            let channel = SnapshotChannel(
                id: 7, type: 14, name: "ü\"", baseURL: "http://h", sealedKey: "v1.a.b", models: ["a"],
                modelMapping: ["a": "b"], status: 2, priority: 3, sets: ["s"], proxyURL: "socks5://p",
                skipsTLSVerification: true, bansOnNoPermission: true, warnErrorRate: 0.5, maxErrorRate: 0.25,
                configs: #"{"x":1.50}"#)
            board.post(mirror(4, [channel]))
            let query = SnapshotQuery(epoch: "", after: 0, waitMilliseconds: 0)
            let snapshot = try await peer.call(.snapshot, query, timeout: .seconds(20))
            #expect(snapshot == Snapshot(epoch: "e", revision: 4, isWhole: true, channels: [channel], options: [:]))
        }
    }

    @Test("a call waits until there is something new, over the wire too")
    func waits() async throws {
        try await withBoard { board, peer async throws in
            board.post(mirror(4))
            let query = SnapshotQuery(epoch: "e", after: 4, waitMilliseconds: 20_000)
            async let answer = peer.call(.snapshot, query, timeout: .seconds(30))
            while board.waiting == 0 { await Task.yield() }
            board.post(mirror(5))
            #expect(try await answer.revision == 5)
        }
    }

    @Test("before the first read the route says that it has nothing, after the wait")
    func unavailable() async throws {
        try await withBoard { _, peer async throws in
            let query = SnapshotQuery(epoch: "", after: 0, waitMilliseconds: 20)
            await #expect {
                try await peer.call(.snapshot, query, timeout: .seconds(20))
            } throws: { error in
                guard case PeerError.fault(let fault, status: 503, _) = error else { return false }
                return fault.code == "unavailable"
            }
        }
    }

    @Test("options are told over the same server, and not before they were read")
    func options() async throws {
        try await withBoard { board, peer async throws in
            await #expect {
                try await peer.call(.options, OptionsQuery(mark: ""), timeout: .seconds(20))
            } throws: { error in
                guard case PeerError.fault(_, status: 503, _) = error else { return false }
                return true
            }
            board.post(mirror(5))
            let answer = try await peer.call(.options, OptionsQuery(mark: ""), timeout: .seconds(20))
            #expect(answer.options == [:])
            let again = try await peer.call(.options, OptionsQuery(mark: answer.mark), timeout: .seconds(20))
            #expect(again == OptionsAnswer(mark: answer.mark, options: nil))
        }
    }

    @Test("another internal key is refused")
    func key() async throws {
        try await withBoard(key: "wrong") { board, peer async throws in
            board.post(mirror(1))
            let query = SnapshotQuery(epoch: "", after: 0, waitMilliseconds: 0)
            await #expect {
                try await peer.call(.snapshot, query, timeout: .seconds(20))
            } throws: { error in
                guard case PeerError.fault(_, status: 401, _) = error else { return false }
                return true
            }
        }
    }
}
