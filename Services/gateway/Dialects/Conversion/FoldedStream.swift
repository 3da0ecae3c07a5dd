package import Contracts
package import InferenceModel
package import JSON

/// The stream of an upstream that answers in no other way, collected for a caller that asked for a whole answer (contract providers §3.4, §10).
///
/// Nothing is written before the end, so that an error inside the stream is an ordinary error answer and another channel can be tried. Memory is the answer;
/// an upstream that sends more than `limit` bytes is cut off with an error.
package struct FoldedStream: StreamRelay {
    package private(set) var id = ""
    package private(set) var isDone = false
    private var reader: any EventReader
    private let call: any InferenceCall
    private let context: UpstreamContext
    private var answer = InferenceResponse(id: "", model: "", created: 0, choices: [])
    private var events: [InferenceEvent] = []
    private var taken = 0

    /// Bytes of the upstream's stream; an event of one token has some 200.
    static let limit = 64 * 1024 * 1024

    package init(reader: any EventReader, call: any InferenceCall, context: UpstreamContext) {
        self.reader = reader
        self.call = call
        self.context = context
    }

    package var usage: TokenUsage? { answer.usage }
    package var usageSource: UsageSource { reader.isUsageEstimated ? .estimated : .measured }
    package var contentType: String { "application/json" }
    /// A whole answer has nothing that may stand before it.
    package var keepAlive: [UInt8] { [] }

    package mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        taken += bytes.count
        guard taken <= Self.limit else {
            throw UpstreamError(
                status: 502, message: "the upstream's stream has more than \(Self.limit) bytes", type: "upstream_error",
                code: .string(UpstreamError.badResponse))
        }
        try reader.feed(bytes, parser: parser, into: &events)
        take(into: &out)
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        guard !isDone else { return true }
        try reader.end(parser: parser, into: &events)
        take(into: &out)
        return isDone
    }

    /// Errors come before anything was written; there is no place for one behind a whole answer.
    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {}

    private mutating func take(into out: inout [UInt8]) {
        for event in events where !isDone {
            answer.add(event)
            guard event == .ended else { continue }
            isDone = true
            id = answer.id
            out += call.write(answer, context)
        }
        events.removeAll(keepingCapacity: true)
    }
}
