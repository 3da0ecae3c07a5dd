import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Requests, moments and checks for the tests of the Responses protocol.
enum ResponsesFixture {
    static let upstream = "gpt-5-2025-08-07"

    /// A context; a seal marks what it turned into the caller's.
    static func context(
        _ model: String = "asked", upstream: String? = nil, type: Int = 1, storedID: String? = nil, seals: Bool = true
    ) throws -> UpstreamContext {
        var context = UpstreamContext(
            mode: .responses, channelType: try #require(ChannelType.find(type)), upstreamModel: upstream ?? model,
            requestedModel: model, now: 1_700_000_000, nonce: "nonceNONCEnonceNONCE2345")
        context.storedID = storedID
        if seals { context.sealID = { "sealed-\($0)" } }
        return context
    }

    static func call(_ body: [UInt8]) throws -> ResponsesCall {
        try ResponsesCall(body, parser: JSONParser())
    }

    /// A call of `POST /v1/responses` with these members beside `model` and `input`.
    static func call(_ members: String = "") throws -> ResponsesCall {
        try call(Array(#"{"model":"asked","input":"x"\#(members)}"#.utf8))
    }

    /// What an upstream of a dialect gets of a call.
    static func written(_ call: any InferenceCall, _ dialect: any UpstreamDialect) throws -> [UInt8] {
        let context = try context(call.model)
        return try dialect.write(call.neutral(parser: JSONParser()), context).bytes
    }

    /// The exchange with a channel that speaks the protocol itself.
    static func native(_ call: any CallerCall, _ context: UpstreamContext) throws -> any Exchange {
        try #require(
            try Wire(.responses, ResponsesUpstream()).exchange(call, context, parser: JSONParser()))
    }

    /// The exchange with a channel of OpenAI chat.
    static func converted(_ call: any CallerCall) throws -> any Exchange {
        try #require(
            try Wire(.chat, ChatUpstream(OpenAITraits())).exchange(call, context(), parser: JSONParser()))
    }

    /// The fault of a request for a channel of OpenAI chat.
    static func fault(_ members: String) throws -> InvalidRequest {
        try #require(throws: InvalidRequest.self) { try converted(call(members)) }
    }

    /// The fault of a request with this input.
    static func fault(input: String) throws -> InvalidRequest {
        let call = try call(Array(#"{"model":"asked","input":\#(input)}"#.utf8))
        return try #require(throws: InvalidRequest.self) { try converted(call) }
    }

    /// A WireError as the relay makes it of an upstream's.
    static func wire(_ error: UpstreamError) -> WireError {
        WireError(
            status: error.status, message: error.message, upstream: error, code: "upstream_status", requestID: "r")
    }
}

/// Puts a stream together as the SDKs do, and finds what does not fit.
struct ResponsesAssembler {
    private(set) var faults: [String] = []
    private(set) var types: [String] = []
    /// The response of the last event.
    private(set) var last: JSONValue?
    private var items: [JSONValue?] = []
    private var told: [String: String] = [:]
    private var done: [JSONValue?] = []

    init(_ text: String) throws {
        for block in text.split(separator: "\n\n", omittingEmptySubsequences: true) {
            let lines = block.split(separator: "\n")
            guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: ") else {
                faults.append("not an event: \(block)")
                continue
            }
            let event = try JSONValue.parse(Array(lines[1].dropFirst(6).utf8))
            let type = event["type"]?.string ?? ""
            if "event: \(type)" != lines[0] { faults.append("named \(lines[0]) but \(type)") }
            if event["sequence_number"]?.int != types.count { faults.append("\(type) is not number \(types.count)") }
            types.append(type)
            read(event, type)
        }
        if let output = last?["output"]?.array, types.last != "response.failed", output != done.compactMap(\.self) {
            faults.append("the response repeats \(output), not \(done)")
        }
        if types.first != "response.created" { faults.append("begins with \(types.first ?? "nothing")") }
    }

    private mutating func read(_ event: JSONValue, _ type: String) {
        if let response = event["response"] { last = response }
        guard let place = event["output_index"]?.int else { return }
        switch type {
        case "response.output_item.added":
            if place != items.count { faults.append("item \(place) added at \(items.count)") }
            items.append(event["item"])
            done.append(nil)
        case "response.output_item.done":
            guard items.indices.contains(place), items[place]?["id"] == event["item"]?["id"] else {
                faults.append("item \(place) ends as another")
                return
            }
            done[place] = event["item"]
        default:
            guard items.indices.contains(place), items[place]?["id"] == event["item_id"], done[place] == nil else {
                faults.append("\(type) of an item that is not open")
                return
            }
            let part = event["content_index"]?.int ?? event["summary_index"]?.int ?? 0
            let key = "\(place) \(part)"
            if let delta = event["delta"]?.string {
                told[key, default: ""] += delta
            } else if let whole = ["text", "refusal", "arguments", "input"].compactMap({ event[$0]?.string }).first,
                whole != told[key] ?? "", whole != "{}"
            {
                faults.append("\(type) says \(whole), the pieces say \(told[key] ?? "nothing")")
            }
        }
    }
}
