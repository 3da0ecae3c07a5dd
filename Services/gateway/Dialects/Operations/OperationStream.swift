package import Contracts
package import InferenceModel
package import JSON

/// Events of images, speech and transcription (contract providers §3.8): they pass as they are; the last one tells the usage.
package struct OperationStream: StreamRelay, Sendable {
    package private(set) var usage: TokenUsage?
    package private(set) var isDone = false
    package var id: String { "" }
    private var isFinished = false
    private var splitter = SSESplitter()

    private static let keys = JSONKeys("type", "usage", "error")
    /// Images come as base64 in one event.
    private static let maxEventBytes = 64 * 1024 * 1024

    package init() {}

    package mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        splitter.append(bytes)
        while !isDone, let block = splitter.next() { try relay(block, parser: parser, into: &out) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError(
                status: 502, message: "an event of the upstream's stream is larger than \(Self.maxEventBytes) bytes",
                type: "upstream_error", code: .string(UpstreamError.badResponse))
        }
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        if !isDone, let block = splitter.rest() {
            try relay(block, parser: parser, into: &out)
            if !out.isEmpty, !out.suffix(2).elementsEqual([10, 10]) { out += [10, 10] }
        }
        return isDone || isFinished
    }

    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        out += Array("data: ".utf8) + OpenAIErrors.body(error) + [10, 10]
    }

    private mutating func relay(_ block: SSEBlock, parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        let bytes = splitter.bytes
        guard let payload = block.payload else {
            out += bytes[block.range]
            return
        }
        if bytes[payload].elementsEqual("[DONE]".utf8) {
            isDone = true
        } else if let scan = try? parser.scan(bytes, in: payload, for: Self.keys) {
            if let error = scan[2], error.kind == .object || error.kind == .string,
                let tree = try? parser.parse(bytes, in: payload), let fault = UpstreamError(status: 500, tree: tree)
            {
                throw fault
            }
            if let field = scan[1], field.kind == .object,
                let counts = UsageReader.read(bytes, field.range.shifted(by: payload.lowerBound))
            {
                usage = counts
            }
            let type = scan[0]?.string(in: bytes, from: payload.lowerBound) ?? ""
            if type.hasSuffix(".completed") || type.hasSuffix(".done") { isFinished = true }
        }
        out += bytes[block.range]
    }
}

/// Bytes that pass as they come: sound, or text that is no JSON. It has no place for an error: a broken one is cut.
package struct ByteStream: StreamRelay, Sendable {
    package let contentType: String
    package let usage: TokenUsage?
    package let usageSource: UsageSource
    package var id: String { "" }
    package var isDone: Bool { false }
    package var keepAlive: [UInt8] { [] }

    package init(contentType: String, usage: TokenUsage? = nil, usageSource: UsageSource = .measured) {
        self.contentType = contentType
        self.usage = usage
        self.usageSource = usageSource
    }

    package mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        out += bytes
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool { true }

    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        out.removeAll()
    }
}
