import AdminHTTP
import Crypto
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Migrations
import OneAPIImport
import Postgres
import RegistryStore
import Telemetry
import TestSupport
import Testing

@testable import AdminAPI

/// The admin API on a socket over a fresh database, with a client.
struct AdminBoard: Sendable {
    /// One answer.
    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let text: String

        var json: JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }
        var data: JSONValue { json["data"] ?? .null }
        var message: String { json["message"]?.string ?? "" }
        var isDone: Bool { status == 200 && text == #"{"success":true}"# }
    }

    static let adminKey = "sk-the admin key"

    let pool: PostgresPool
    let balances: BalanceChecker
    let loops: EventLoopGroup
    private let base: String
    private let loop: EventLoop
    private let client: HTTPClientGroup

    /// Runs a test over a board of its own.
    static func with(
        migrated: Bool = true, requiresModelConfigs: Bool = false, overrides: [String: String] = [:],
        _ body: (AdminBoard) async throws -> Void
    ) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        var configuration = try PostgresConfiguration(dsn: ThrowawayPostgres.database())
        configuration.waitTimeout = .milliseconds(500)
        let pool = PostgresPool(configuration, group: loops, logger: .silent)
        if migrated {
            _ = try await MigrationRunner.run(
                RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: .silent)
        }
        let vault = KeyVault(box: SecretBox(secretsKey: "test"), logger: .silent)
        let client = try HTTPClientGroup(group: loops, configuration: ClientConfiguration())
        let channels = ChannelStore(pool: pool, vault: vault, requiresModelConfigs: requiresModelConfigs)
        let importer = OneAPIImporter(channels: channels, group: loops, logger: .silent)
        defer { importer.close() }
        let stores = AdminStores(
            channels: channels, importer: importer, tokens: TokenStore(pool: pool, vault: vault),
            groups: GroupStore(pool: pool),
            health: HealthStore(pool: pool),
            modelConfigs: ModelConfigStore(pool: pool),
            options: OptionStore(pool: pool, overrides: overrides, requiresModelConfigs: requiresModelConfigs),
            balances: BalanceChecker(channels: channels, clients: client, logger: .silent),
            requiresModelConfigs: requiresModelConfigs, startedAt: 1_780_000_000_000)
        var router = Router()
        AdminServer(
            stores: stores, auth: AdminAuth(adminKey: Redacted(adminKey)), logger: .silent,
            metrics: AdminMetrics(MetricsRegistry())
        ).install(on: &router)
        let routes = router
        let server = HTTPServer(ServerConfiguration(host: "127.0.0.1", port: 0), group: loops) { request, response in
            try await routes.handle(request, response)
        }
        let address = try await server.start()
        let board = AdminBoard(
            pool: pool, balances: stores.balances, loops: loops, base: "http://\(address)", loop: loops.loops[0],
            client: client)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(board))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        await server.drain(deadline: .seconds(5))
        await pool.shutdown(deadline: .seconds(5))
        try result.get()
    }

    /// Makes a call; with the admin key unless told otherwise.
    func call(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: HTTPHeaders? = nil
    ) async throws -> Answer {
        let request = ClientRequest(
            method: method, url: base + path, headers: headers ?? ["authorization": "Bearer \(Self.adminKey)"],
            body: body.map { .bytes(Array($0.utf8)) } ?? .none,
            timeouts: ClientTimeouts(
                connect: .seconds(5), firstByte: .seconds(30), idle: .seconds(30), total: .seconds(60)),
            poolKey: base)
        return try await withTaskExecutorPreference(loop) { @concurrent in
            let response = try await client.client(on: loop).begin(request).response()
            let bytes = try await response.collect(upTo: 64 * 1024 * 1024)
            return Answer(
                status: response.status, headers: response.headers, text: String(decoding: bytes, as: UTF8.self))
        }
    }

    /// The channels of the complete list.
    func channels() async throws -> [JSONValue] {
        try #require(try await call(.get, "/api/channels/all").data.array)
    }

    /// Creates a channel and finds it in the next list.
    func channel(_ name: String, _ more: String = "") async throws -> JSONValue {
        let body = #"{"type":1,"name":"\#(name)","models":["m"]\#(more)}"#
        let answer = try await call(.post, "/api/channel/", body)
        try #require(answer.isDone, "\(answer.text)")
        return try #require(try await channels().first { $0["name"]?.string == name })
    }
}
