import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Feeds a stream in the given pieces and returns what the caller would get.
private func relay(
    _ pieces: [[UInt8]], model: String = "asked", withholdsUsage: Bool = true, maxEventBytes: Int = 1 << 20
) throws -> (text: String, stream: OpenAIStream, isComplete: Bool) {
    let parser = JSONParser()
    var stream = OpenAIStream(requestedModel: model, withholdsUsage: withholdsUsage, maxEventBytes: maxEventBytes)
    var out: [UInt8] = []
    for piece in pieces { try stream.feed(piece, parser: parser, into: &out) }
    let isComplete = try stream.end(parser: parser, into: &out)
    return (String(decoding: out, as: UTF8.self), stream, isComplete)
}

private func relay(_ text: String, model: String = "asked", withholdsUsage: Bool = true) throws -> (
    text: String, stream: OpenAIStream, isComplete: Bool
) {
    try relay([Array(text.utf8)], model: model, withholdsUsage: withholdsUsage)
}

private let chunk =
    #"data: {"id":"c1","model":"real","choices":[{"index":0,"delta":{"content":"Grüße 🌍 \"finish_reason\":\"x\""},"finish_reason":null}],"usage":null}"#
private let last =
    #"data: {"id":"c1","model":"real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#
private let bareLast = #"data: {"id":"c1","model":"real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}] }"#
private let usage =
    #"data: {"id":"c1","model":"real","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#

@Suite("OpenAI stream")
struct OpenAIStreamTests {
    @Test("the requested name is written over the upstream's, everything else stays byte by byte")
    func modelName() throws {
        let (text, stream, isComplete) = try relay(
            "\(chunk)\n\n\(last)\n\n\(usage)\n\ndata: [DONE]\n\n", withholdsUsage: false)
        let expected = "\(chunk)\n\n\(last)\n\n\(usage)\n\ndata: [DONE]\n\n".replacing("\"real\"", with: "\"asked\"")
        #expect(text == expected)
        #expect(isComplete && stream.isDone && stream.id == "c1")
        #expect(stream.usage == TokenUsage(inputTokens: 7, outputTokens: 3, totalTokens: 10))
    }

    @Test("a caller that declined usage gets neither the usage chunk nor its counts, which are still read")
    func declined() throws {
        let text = #"""
            data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: {"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}

            data: [DONE]


            """#
        let parser = JSONParser()
        var stream = OpenAIStream(requestedModel: "asked", withholdsUsage: true, joinsUsage: false)
        var out: [UInt8] = []
        try stream.feed(Array(text.utf8), parser: parser, into: &out)
        let expected = #"""
            data: {"model":"asked","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: [DONE]


            """#
        #expect(String(decoding: out, as: UTF8.self) == expected)
        #expect(stream.usage?.outputTokens == 4)
    }

    @Test("a usage chunk that the caller did not ask for joins the finished chunk", arguments: [last, bareLast])
    func usageJoins(finish: String) throws {
        let (text, stream, _) = try relay("\(chunk)\n\n\(finish)\n\n\(usage)\n\ndata: [DONE]\n\n")
        let events = text.split(separator: "\n\n").map(String.init)
        #expect(events.count == 3)
        #expect(!text.contains("\"choices\":[]"))
        let parser = JSONParser()
        let joined = try parser.parse(Array(events[1].dropFirst(6).utf8))
        #expect(joined["usage"]?["total_tokens"]?.int == 10)
        #expect(joined["choices"]?[0]?["finish_reason"]?.string == "stop")
        #expect(joined.object?.count == 4)
        #expect(joined["model"]?.string == "asked")
        #expect(stream.usage?.totalTokens == 10)
    }

    @Test("every split of the bytes gives the same stream", arguments: ["\n", "\r\n", "\r"])
    func everySplit(lineEnd: String) throws {
        let source = [
            ": hello", "", chunk, "", "event: x", "id: 7", "retry: 10", chunk, "", last, "", usage, "", "data: [DONE]",
            "", "",
        ]
        let bytes = Array(source.joined(separator: lineEnd).utf8)
        let whole = try relay([bytes]).text
        #expect(whole.contains(": hello"))
        #expect(!whole.contains("id: 7") && !whole.contains("retry:"))
        #expect(whole.components(of: "[DONE]") == 1)
        for split in 1..<bytes.count {
            #expect(try relay([Array(bytes[..<split]), Array(bytes[split...])]).text == whole, "split at \(split)")
        }
        #expect(try relay(bytes.map { [$0] }).text == whole)
    }

    @Test("a finished event is held back for the usage and released when it does not come")
    func release() throws {
        let parser = JSONParser()
        var stream = OpenAIStream(requestedModel: "asked", withholdsUsage: true)
        var out: [UInt8] = []
        try stream.feed(Array("\(last)\n\n".utf8), parser: parser, into: &out)
        #expect(out.isEmpty && stream.holding != nil)
        stream.releaseHeld(into: &out)
        #expect(String(decoding: out, as: UTF8.self).contains("\"finish_reason\":\"stop\""))
        #expect(stream.holding == nil)
    }

    @Test("a forgotten [DONE] is added after a finished answer, and only then")
    func done() throws {
        let finished = try relay("\(last)\n\n")
        #expect(finished.isComplete && finished.text.hasSuffix("data: [DONE]\n\n"))
        let cut = try relay("\(chunk)\n\n")
        #expect(!cut.isComplete && !cut.text.contains("[DONE]"))
    }

    @Test("an event without its blank line at the end of the stream is relayed")
    func unterminated() throws {
        let (text, _, isComplete) = try relay("\(chunk)\n\n\(last)\n\ndata: [DONE]")
        #expect(isComplete && text.components(of: "[DONE]") == 1)
    }

    @Test("what follows [DONE] is dropped")
    func afterDone() throws {
        #expect(try relay("\(last)\n\ndata: [DONE]\n\ndata: [DONE]\n\n\(chunk)\n\n").text.hasSuffix("data: [DONE]\n\n"))
        #expect(try relay("data: [DONE]\n\ndata: [DONE]\n\n").text == "data: [DONE]\n\n")
    }

    @Test("an error event is thrown and not relayed; what stood before it is")
    func error() throws {
        let parser = JSONParser()
        var stream = OpenAIStream(requestedModel: "asked", withholdsUsage: true)
        var out: [UInt8] = []
        let source = "\(chunk)\n\ndata: {\"error\":{\"message\":\"no\",\"type\":\"t\",\"code\":\"429\"}}\n\n\(last)\n\n"
        let error = #expect(throws: UpstreamError.self) {
            try stream.feed(Array(source.utf8), parser: parser, into: &out)
        }
        #expect(error == UpstreamError(status: 429, message: "no", type: "t", code: .string("429")))
        #expect(
            String(decoding: out, as: UTF8.self).hasPrefix("data: {\"id\"")
                && !String(decoding: out, as: UTF8.self).contains("\"no\""))
    }

    @Test("an error of the gateway is told in the stream")
    func failure() {
        var stream = OpenAIStream(requestedModel: "m", withholdsUsage: true)
        var out: [UInt8] = []
        stream.fail(WireError(status: 504, message: "late", code: "upstream_timeout", requestID: "1"), into: &out)
        #expect(
            String(decoding: out, as: UTF8.self)
                == #"data: {"error":{"message":"late","type":"server_error","param":null,"code":"upstream_timeout"}}"#
                + "\n\n")
    }

    @Test("several choices: any finish reason counts")
    func choices() throws {
        let two =
            #"data: {"model":"m","choices":[{"index":0,"finish_reason":null,"delta":{}},{"index":1,"delta":{},"finish_reason":"stop"}]}"#
        #expect(try relay("\(two)\n\n").stream.isFinished)
        let none = #"data: {"model":"m","choices":[{"index":0,"finish_reason":null},{"index":1,"finish_reason":null}]}"#
        #expect(try !relay("\(none)\n\n").stream.isFinished)
    }

    @Test("a null error is no error")
    func nullError() throws {
        let (_, stream, isComplete) = try relay(
            #"data: {"error":null,"choices":[{"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n")
        #expect(isComplete && stream.isDone)
    }

    @Test("a line that is not JSON is relayed as it is")
    func foreign() throws {
        #expect(try relay("data: not json\n\n\(last)\n\n").text.hasPrefix("data: not json\n\n"))
    }

    @Test("usage on every chunk: the last one counts, and nothing is withheld")
    func cumulativeUsage() throws {
        let one =
            #"data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
        let two =
            #"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#
        let source = "\(one)\n\n\(two)\n\ndata: [DONE]\n\n"
        let (text, stream, _) = try relay(source)
        #expect(text == source)
        #expect(stream.usage?.totalTokens == 3)
    }

    @Test("an event over the limit is a fault, with bounded memory")
    func limit() throws {
        let parser = JSONParser()
        var stream = OpenAIStream(requestedModel: "m", withholdsUsage: true, maxEventBytes: 1000)
        var out: [UInt8] = []
        #expect(throws: UpstreamError.self) {
            for _ in 0..<100 { try stream.feed([UInt8](repeating: 65, count: 100), parser: parser, into: &out) }
        }
    }

    @Test("a model name with quotes is written as JSON")
    func hostileName() throws {
        let (text, _, _) = try relay("\(chunk)\n\n", model: "a\"\\\n")
        #expect(text.contains(#""model":"a\"\\\n""#))
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        ranges(of: part).count
    }
}
