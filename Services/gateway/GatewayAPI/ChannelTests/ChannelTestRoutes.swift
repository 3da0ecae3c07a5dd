package import AdminHTTP
import Contracts
import EventLoop
import HTTPCore
package import HTTPServer
import JSON
package import Relay
package import Routing
package import Telemetry

/// Channel tests (contract admin-api §4): the one part of the admin API that needs the relay, so the gateway answers it itself.
///
/// Every outcome is a 200. The registry is told the results of saved channels.
package struct ChannelTestRoutes: Sendable {
    private let gate: AdminGate
    private let table: @Sendable () -> RoutingTable?
    private let tester: ChannelTester
    private let results: TestResults
    private let ids: RequestIDSource

    /// A channel that was saved a moment ago comes with the next snapshot: so long it is waited for, in steps of `step`.
    private static let patience: Duration = .seconds(2)
    private static let step: Duration = .milliseconds(20)
    private static let maxPreviewBytes = 1024 * 1024

    /// - Parameters:
    ///   - auth: Who may test.
    ///   - table: The current routing table; `nil` before the first snapshot.
    ///   - relay: Whose clients carry the probes.
    ///   - results: Where results of saved channels go.
    package init(
        auth: AdminAuth, table: @escaping @Sendable () -> RoutingTable?, relay: Relay, results: TestResults,
        ids: RequestIDSource, metrics: ChannelTestMetrics, logger: Logger
    ) {
        gate = AdminGate(
            auth: auth,
            failure: { error, request in
                logger.error(
                    "a channel test failed in a way that nobody foresaw",
                    ["path": .string(request.head.target.rawPath), "error": .string("\(error)")])
                return AdminFailure(.internalServerError, "internal error; the log of the gateway says more")
            })
        self.table = table
        tester = ChannelTester(probe: ChannelProbe(relay: relay), metrics: metrics)
        self.results = results
        self.ids = ids
    }

    /// Adds the routes; they stand before the ones that the registry answers.
    package func add(to router: inout Router) {
        router.on(.get, "/api/channel/:id/test", gate.streamed(refusing(channel)))
        router.on(.get, "/api/channel/:id/test/*model", gate.streamed(refusing(model)))
        router.on(.get, "/api/channels/test", gate.streamed(refusing(everyChannel)))
        router.on(.post, "/api/channel/test-preview", gate.streamed(refusing(preview)))
        router.on(.post, "/api/channel/test-preview-all", gate.streamed(refusing(previewAll)))
    }

    // MARK: Routes

    private func model(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let id = try Self.id(request)
        let model = request.parameters["model"] ?? ""
        let table = try await table(of: request) { $0.channel(id)?.spelling(of: model) != nil }
        guard let channel = table.channel(id) else { throw TestRefusal("channel not found") }
        guard let name = channel.spelling(of: model) else { throw TestRefusal("model not supported by channel") }
        let rules = TestItemRules(showsBody: Self.isTrue("success_body", request))
        try await single(name, channel, table, rules, request, writer)
    }

    private func channel(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        // The router takes no notice of a slash at the end; here it stands before a model that is not named.
        guard !request.head.target.rawPath.hasSuffix("/") else { throw TestRefusal("model is required") }
        let id = try Self.id(request)
        let table = try await table(of: request) { $0.channel(id) != nil }
        guard let channel = table.channel(id) else { throw TestRefusal("channel not found") }
        try await run([channel], table, request, writer)
    }

    private func everyChannel(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let table = try await table(of: request) { _ in true }
        let testsDisabled = Self.isTrue("test_disabled", request)
        try await run(table.everyChannel.filter { $0.isEnabled || testsDisabled }, table, request, writer)
    }

    private func preview(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let body = try PreviewBody(try await request.body.collect(upTo: Self.maxPreviewBytes), naming: .model)
        try await single(body.channel.models[0], body.channel, table(), TestItemRules(), request, writer)
    }

    private func previewAll(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let body = try PreviewBody(try await request.body.collect(upTo: Self.maxPreviewBytes), naming: .models)
        try await run([body.channel], table(), request, writer)
    }

    // MARK: Answers

    private func single(
        _ model: String, _ channel: RoutedChannel, _ table: RoutingTable?, _ rules: TestItemRules,
        _ request: ServerRequest, _ writer: ResponseWriter
    ) async throws {
        let stop = ProbeStop()
        writer.onClientGone { stop.raise() }
        let report = await tester.test(model, on: channel, table: table, request: request, stop: stop)
        switch report {
        case .result(let test, let isKept):
            if isKept { await results.keep([test], on: request.loop) }
            try answer(AdminEnvelope.success { $0.channelTest(rules.shown(test)) }, request, writer)
        case .fault(let message), .untestable(let message): throw TestRefusal(message)
        case .ended:
            guard !writer.isClosed else { return }
            throw TestRefusal("the gateway is shutting down; please try again")
        }
    }

    private func run(
        _ channels: [RoutedChannel], _ table: RoutingTable?, _ request: ServerRequest, _ writer: ResponseWriter
    ) async throws {
        let rules = TestItemRules(
            returnsSuccess: Self.isTrue("return_success", request), showsBody: Self.isTrue("success_body", request))
        let stop = ProbeStop()
        writer.onClientGone { stop.raise() }
        var items = TestItemWriter(
            request, writer, id: ids.next(arrival: request.receivedAt), asEvents: Self.isTrue("stream", request))
        let run = ChannelTestRun(
            channels, table: table, tester: tester, results: results, request: request, stop: stop)
        let isComplete = await run.run { report async throws(WriteError) in
            guard let item = rules.item(report) else { return }
            try await items.add(item)
        }
        guard !writer.isClosed else { return }
        // A run that the gateway's end cut short must not look whole.
        guard isComplete else {
            guard !writer.headSent else { return writer.abort() }
            throw TestRefusal("the gateway is shutting down; please try again")
        }
        try items.finish()
    }

    /// Turns a refusal into its envelope.
    private func refusing(_ body: @escaping Handler) -> Handler {
        { [self] request, writer in
            do {
                try await body(request, writer)
            } catch let refusal as TestRefusal {
                try answer(AdminEnvelope.failure(refusal.message), request, writer)
            } catch is CancellationError where writer.isClosed {
                // The operator left while a new channel was waited for.
            }
        }
    }

    private func answer(_ body: [UInt8], _ request: ServerRequest, _ writer: ResponseWriter) throws(WriteError) {
        try WireAnswer.json(.ok, request, writer, id: ids.next(arrival: request.receivedAt), body)
    }

    // MARK: What is asked

    private static func id(_ request: ServerRequest) throws(TestRefusal) -> Int {
        guard let id = Int(request.parameters["id"] ?? "") else {
            throw TestRefusal("id: expected an integer in the path")
        }
        return id
    }

    private static func isTrue(_ name: String, _ request: ServerRequest) -> Bool {
        request.head.target.query(name) == "true"
    }

    /// The routing table, as soon as it has what is looked for; after a while the one there is.
    private func table(
        of request: ServerRequest, _ isThere: (RoutingTable) -> Bool
    ) async throws -> RoutingTable {
        let end = MonotonicTime.now().advanced(by: Self.patience)
        while true {
            let current = table()
            if let current, isThere(current) { return current }
            guard MonotonicTime.now() < end else {
                guard let current else {
                    throw TestRefusal("the gateway has no configuration yet; please try again")
                }
                return current
            }
            try await request.loop.sleep(for: Self.step)
        }
    }
}

extension RoutedChannel {
    /// The channel's own spelling of a model; `nil` when it does not have it.
    fileprivate func spelling(of model: String) -> String? {
        if models.contains(model) { return model }
        let lowered = model.lowercased()
        return models.first { $0.lowercased() == lowered }
    }
}
