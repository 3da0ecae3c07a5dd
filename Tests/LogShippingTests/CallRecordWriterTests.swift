import Contracts
import Foundation
import LogShipping
import TestSupport
import Testing

@Suite("Call record writer")
struct CallRecordWriterTests {
    private func read(_ line: [UInt8]) throws -> CallRecord {
        try JSONDecoder().decode(CallRecord.self, from: Data(line))
    }

    /// The keys of an object and of the objects in it, with their paths.
    private func keys(_ bytes: Data) throws -> Set<String> {
        var found: Set<String> = []
        func walk(_ value: Any, _ path: String) {
            if let object = value as? [String: Any] {
                for (key, value) in object {
                    found.insert("\(path).\(key)")
                    walk(value, "\(path).\(key)")
                }
            }
            if let array = value as? [Any] { array.forEach { walk($0, path + "[]") } }
        }
        walk(try JSONSerialization.jsonObject(with: bytes), "")
        return found
    }

    @Test("random records are read back by Codable as they were, with the keys that Codable writes", arguments: 1...100)
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5 {
            let record = CallRecord.random(using: &generator)
            let line = CallRecordWriter.line(record)
            #expect(try read(line) == record)
            #expect(try keys(Data(line)) == keys(try JSONEncoder().encode(record)))
            #expect(!line.contains(UInt8(ascii: "\n")))
        }
    }

    @Test("every hostile text survives in every place where a text may stand", arguments: HostileText.all)
    func hostile(text: String) throws {
        for filler in ["", "1234567", "12345678", "123456789012345"] {
            let text = filler + text + filler
            var record = CallRecord.numbered(1, body: text)
            (record.requestID, record.model, record.user, record.content, record.responseBody) = (
                text, text, text, text, text
            )
            record.attempts = [
                CallAttempt(
                    channel: 1, reason: text, outcome: .failed, error: text, startedAt: 1, durationMicroseconds: 1)
            ]
            #expect(try read(CallRecordWriter.line(record)) == record)
        }
    }

    @Test("every control character and every length around a block is written right")
    func everyByte() throws {
        for byte in UInt8(0)...0x7F {
            for before in [0, 1, 7, 8, 9, 16] {
                let text = String(repeating: "x", count: before) + String(UnicodeScalar(byte)) + "y"
                let record = CallRecord.numbered(1, body: text)
                #expect(try read(CallRecordWriter.line(record)).requestBody == text)
            }
        }
        for count in 0..<40 {
            let text = String(repeating: "é", count: count)
            #expect(try read(CallRecordWriter.line(.numbered(1, body: text))).requestBody == text)
        }
    }

    @Test("all powers of ten and their neighbours are written right")
    func integers() throws {
        var power: Int64 = 1
        var values: [Int64] = [0, .max, .min, .min + 1]
        while power < Int64.max / 10 {
            values += [power - 1, power, power + 1, -power, -power - 1]
            power *= 10
        }
        for value in values + [power, power - 1] {
            var record = CallRecord.numbered(1)
            record.requestAt = value
            #expect(try read(CallRecordWriter.line(record)).requestAt == value)
        }
    }

    @Test("absent values are left out, and the line of a plain record is this")
    func golden() {
        #expect(
            String(decoding: CallRecordWriter.line(.numbered(7)), as: UTF8.self) == """
                {"requestID":"7","requestAt":1,"finishedAt":2,"model":"m","upstreamModel":"","mode":1,"code":200,"outcome":"completed",\
                "isStream":false,"group":"","tokenName":"","endpoint":"/v1/chat/completions","ip":"127.0.0.1","user":"","upstreamID":"",\
                "usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0,"cachedTokens":0,"cacheCreationTokens":0,"reasoningTokens":0,\
                "audioInputTokens":0,"audioOutputTokens":0,"imageInputTokens":0,"imageOutputTokens":0},"usageSource":"unknown",\
                "attempts":[],"content":"","isRequestBodyTruncated":false,"isResponseBodyTruncated":false}
                """)
    }

    @Test("a megabyte of quotes is escaped")
    func large() throws {
        let text = String(repeating: "\"", count: 1_000_000)
        #expect(try read(CallRecordWriter.line(.numbered(1, body: text))).requestBody == text)
    }
}
