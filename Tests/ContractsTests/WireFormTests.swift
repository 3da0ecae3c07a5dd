import Contracts
import Foundation
import Testing

/// The JSON of the contracts is read by other versions of the services, so every key is part of the contract.
@Suite("Contracts on the wire")
struct WireFormTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func again<Value: Codable & Equatable>(_ value: Value) throws -> Bool {
        try JSONDecoder().decode(Value.self, from: Data(try json(value).utf8)) == value
    }

    @Test("a call record has these keys; absent values are left out")
    func callRecord() throws {
        let least = CallRecord(
            requestID: "r", requestAt: 1, finishedAt: 2, model: "m", mode: .embeddings, code: 401, outcome: .refused,
            endpoint: "/v1/embeddings", ip: "::1")
        #expect(
            try json(least) == """
                {"attempts":[],"code":401,"content":"","endpoint":"/v1/embeddings","finishedAt":2,"group":"","ip":"::1",\
                "isRequestBodyTruncated":false,"isResponseBodyTruncated":false,"isStream":false,"mode":3,"model":"m","outcome":"refused",\
                "requestAt":1,"requestID":"r","tokenName":"","upstreamID":"","upstreamModel":"","usage":{"audioInputTokens":0,\
                "audioOutputTokens":0,"cacheCreationTokens":0,"cachedTokens":0,"imageInputTokens":0,"imageOutputTokens":0,"inputTokens":0,\
                "outputTokens":0,"reasoningTokens":0,"totalTokens":0},"usageSource":"unknown","user":""}
                """)
        #expect(try again(least))
        var most = least
        most.attempts = [
            CallAttempt(
                channel: 7, reason: "only one", status: 200, outcome: .completed, startedAt: 3, durationMicroseconds: 4)
        ]
        (most.firstByteMicroseconds, most.retryAt, most.channel, most.tokenID) = (5, 6, 7, 8)
        (most.requestBody, most.responseBody) = ("{}", "")
        #expect(try again(most))
        let text = try json(most)
        for key in ["firstByteMicroseconds", "retryAt", "channel", "tokenID", "requestBody", "responseBody", "status"] {
            #expect(text.contains("\"\(key)\":"))
        }
    }

    @Test("a snapshot has these keys")
    func snapshot() throws {
        let snapshot = Snapshot(
            epoch: "e", revision: 9, isWhole: false,
            channels: [SnapshotChannel(id: 1, type: 2, name: "n", modelMapping: ["a": "b"], warnErrorRate: 0.5)],
            removedChannels: [3], tokens: [SnapshotToken(id: 4, name: "t", group: "g", digest: "d")],
            removedTokens: [5], groups: [SnapshotGroup(id: "g")], removedGroups: ["h"],
            modelConfigs: [SnapshotModelConfig(model: "m")], removedModelConfigs: ["o"], options: ["k": "v"],
            owners: ["m": "w"])
        #expect(
            try json(snapshot) == """
                {"channels":[{"bansOnNoPermission":false,"baseURL":"","configs":"","id":1,"maxErrorRate":0,"modelMapping":{"a":"b"},\
                "models":[],"name":"n","priority":0,"proxyURL":"","sealedKey":"","sets":[],"skipsTLSVerification":false,"status":1,"type":2,\
                "warnErrorRate":0.5}],"epoch":"e","groups":[{"availableSets":[],"id":"g","status":1}],"isWhole":false,\
                "modelConfigs":[{"document":"{}","model":"m","type":0}],"options":{"k":"v"},"owners":{"m":"w"},"removedChannels":[3],\
                "removedGroups":["h"],"removedModelConfigs":["o"],"removedTokens":[5],"revision":9,"tokens":[{"digest":"d","group":"g","id":4,"models":[],"name":"t",\
                "status":1,"subnets":[]}]}
                """)
        #expect(try again(snapshot))
    }

    @Test("the small values keep their forms")
    func smallValues() throws {
        #expect(
            try json(SnapshotQuery(epoch: "e", after: 3, waitMilliseconds: 4))
                == #"{"after":3,"epoch":"e","waitMilliseconds":4}"#)
        #expect(try json(LogAck(sequence: 1, stored: 2, rejected: 3)) == #"{"rejected":3,"sequence":1,"stored":2}"#)
        #expect(try json(Fault(code: "c", message: "m")) == #"{"code":"c","message":"m"}"#)
        #expect(Endpoint.snapshot.path == "/internal/v1/snapshot")
        #expect(LogShipment.path == "/internal/v1/logs")
        #expect(InternalAuth.header == "x-internal-key")
    }

    @Test("the sets of outcomes, sources and modes keep their names and numbers")
    func closedSets() {
        #expect(
            CallOutcome.allCases.map(\.rawValue) == [
                "completed", "failed", "refused", "cancelledByClient", "upstreamCut", "timedOut",
            ])
        #expect(UsageSource.allCases.map(\.rawValue) == ["measured", "estimated", "unknown"])
        #expect(RelayMode.allCases.map(\.rawValue) == Array(0...38))
    }
}
