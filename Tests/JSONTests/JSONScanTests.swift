import JSON
import Testing

@Suite("JSON: scanning the events of a stream")
struct JSONScanTests {
    let parser = JSONParser()
    let keys = JSONKeys("model", "usage", "choices", "created", "absent", "object")

    @Test("wanted members are found with kind, bytes and values")
    func found() throws {
        let chunk = bytes(chatChunk)
        let scan = try parser.scan(chunk, for: keys)
        #expect(scan[0]?.string(in: chunk) == "gpt-4o-2024-05-13")
        #expect(scan[0].map { text(chunk[$0.keyRange]) } == #""model""#)
        #expect(scan[1]?.kind == .null)
        #expect(
            scan[2].map { text(chunk[$0.range]) }
                == #"[{"index":0,"delta":{"content":" wor\"ld"},"finish_reason":null}]"#)
        #expect(scan[3]?.int(in: chunk) == 1_717_171_717)
        #expect(scan[4] == nil)
        #expect(scan[5]?.string(in: chunk) == "chat.completion.chunk")
        #expect(scan[3]?.string(in: chunk) == nil)
    }

    @Test("a part of a buffer is scanned with ranges that count from the part")
    func part() throws {
        let line = bytes("data: \(chatChunk)\n\n")
        let scan = try parser.scan(line, in: 6..<line.count - 2, for: keys)
        #expect(scan[0]?.string(in: line, from: 6) == "gpt-4o-2024-05-13")
        #expect(try parser.scan(bytes(chatChunk), for: keys)[0]?.range == scan[0]?.range)
    }

    @Test("only the top level counts, the last occurrence wins, and the count tells of others")
    func occurrences() throws {
        let json = bytes(#"{"x":{"model":"inner"},"model":"a","y":[{"model":1}],"mo\u0064el":"b"}"#)
        let scan = try parser.scan(json, for: keys)
        #expect(scan[0]?.string(in: json) == "b")
        #expect(scan[0]?.occurrences == 2)
        #expect(try parser.scan(bytes(#"{"x":{"model":"inner"}}"#), for: keys)[0] == nil)
    }

    @Test("values that are containers are found whole")
    func containers() throws {
        let json = bytes(#"{"usage":{"a":[1,{"b":2}]},"choices":[[],{}],"model":{}}"#)
        let scan = try parser.scan(json, for: keys)
        #expect(scan[1].map { text(json[$0.range]) } == #"{"a":[1,{"b":2}]}"#)
        #expect(scan[2].map { text(json[$0.range]) } == "[[],{}]")
        #expect(scan[0].map { text(json[$0.range]) } == "{}")
    }

    @Test("other JSON is not an object")
    func notAnObject() {
        #expect(
            jsonError { () throws(JSONError) in try parser.scan(bytes("[1]"), for: keys) }
                == .notAnObject(found: .array))
    }

    @Test("what was found in an earlier text does not show in the next")
    func independence() throws {
        _ = try parser.scan(bytes(chatChunk), for: keys)
        let scan = try parser.scan(bytes("{}"), for: keys)
        #expect((0..<keys.count).allSatisfy { scan[$0] == nil })
    }
}
