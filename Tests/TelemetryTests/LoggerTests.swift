import Foundation
import Telemetry
import Testing

@Suite("Telemetry: log lines")
struct LoggerTests {
    let sink = MemorySink()

    func logger(_ level: LogLevel = .trace) -> Logger {
        Logger(service: "gateway", level: level, sink: sink) { 1_769_903_999_123_456 }
    }

    func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("a line is one JSON object with stamp, level, service, message and typed fields in order")
    func shape() {
        logger().info(
            "request finished", ["status": 200, "model": "gpt-4o", "ratio": 0.5, "stream": true, "error": nil])
        #expect(
            sink.lines == [
                #"{"ts":"2026-01-31T23:59:59.123Z","level":"info","service":"gateway","message":"request finished","#
                    + #""status":200,"model":"gpt-4o","ratio":0.5,"stream":true,"error":null}"# + "\n"
            ])
    }

    @Test("text is escaped so that a line stays a line and valid JSON")
    func escaping() throws {
        let nasty = "a\"b\\c\nd\re\tf\u{0}g\u{1F}h\u{7F}i\u{2028}é😀</script>"
        logger().error("failed", ["reason": .string(nasty)])
        let line = try #require(sink.lines.first)
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(line.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        #expect(try object(line)["reason"] as? String == nasty)
    }

    @Test("numbers that JSON cannot say are null, and integers keep every digit")
    func numbers() throws {
        logger().info(
            "n",
            [
                "nan": .double(.nan), "inf": .double(.infinity), "min": .int(.min), "big": .integer(UInt64.max),
                "d": .milliseconds(.microseconds(1500)),
            ])
        #expect(
            try #require(sink.lines.first).hasSuffix(
                #""nan":null,"inf":null,"min":-9223372036854775808,"big":"18446744073709551615","d":1.5}"# + "\n"))
    }

    @Test("fields of a derived logger stand on each of its lines and on no other's")
    func context() {
        let base = logger()
        let request = base.with(["request_id": "r1"]).with(["channel": 7])
        request.info("a", ["x": 1])
        base.info("b")
        #expect(sink.lines[0].contains(#""message":"a","request_id":"r1","channel":7,"x":1}"#))
        #expect(!sink.lines[1].contains("request_id"))
    }

    @Test("events below the level are not written, and their fields are not evaluated", arguments: LogLevel.allCases)
    func levels(level: LogLevel) {
        let logger = logger(level)
        var evaluated = 0
        func fields() -> LogFields {
            evaluated += 1
            return [:]
        }
        logger.trace("t", fields())
        logger.debug("d", fields())
        logger.info("i", fields())
        logger.warning("w", fields())
        logger.error("e", fields())
        let expected = LogLevel.allCases.filter { $0 >= level }
        #expect(evaluated == expected.count)
        #expect(sink.lines.count == expected.count)
        for (line, level) in zip(sink.lines, expected) { #expect(line.contains(#""level":"\#(level.name)""#)) }
    }

    @Test("a long text is cut at a character, and a long line drops its last fields and says so")
    func bounds() throws {
        let logger = logger()
        logger.info("long", ["text": .string(String(repeating: "é", count: 100_000))])
        let text = try #require(try object(sink.lines[0])["text"] as? String)
        #expect(text == String(repeating: "é", count: 2048) + "…")
        var fields: LogFields = ["first": 1]
        for _ in 0..<20 { fields.append("filler", .string(String(repeating: "\u{1}", count: 3000))) }
        logger.info("wide", fields)
        #expect(sink.lines[1].utf8.count <= 16 * 1024)
        let wide = try object(sink.lines[1])
        #expect(wide["log_line_cut"] as? Bool == true)
        #expect(wide["first"] as? Int == 1)
    }

    @Test("a secret never shows, however it is printed")
    func redaction() throws {
        struct Channel {
            let key: Redacted<String>
            let optional: Redacted<String>?
        }
        let secret = Redacted("sk-secret")
        let channel = Channel(key: secret, optional: secret)
        var dumped = ""
        dump(channel, to: &dumped)
        let prints = [
            "\(secret)", "\(channel)", String(reflecting: channel), String(describing: [secret]), "\(["k": secret])",
            dumped, String(reflecting: secret),
        ]
        for print in prints { #expect(!print.contains("secret"), "\(print)") }
        logger().info("x", ["key": .redacted(secret), "other": "\(secret)"])
        #expect(sink.lines[0].contains(#""key":"•••","other":"•••""#))
        #expect(secret.reveal == "sk-secret")
        #expect(secret == Redacted("sk-secret"))
    }

    @Test("levels are read in any case, other words are refused")
    func levelNames() {
        #expect(LogLevel(name: "DEBUG") == .debug)
        #expect(LogLevel(name: "warning") == .warning)
        #expect(LogLevel(name: "warn") == nil)
        #expect(LogLevel(name: "") == nil)
    }
}

@Suite("Telemetry: dates")
struct RFC3339Tests {
    @Test(
        "instants are written in UTC to the millisecond",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (1_709_164_799_999_999, "2024-02-28T23:59:59.999Z"), (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
            (Int64.max, "9999-12-31T23:59:59.999Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func text(microseconds: Int64, text: String) {
        #expect(RFC3339.text(microseconds) == text)
    }

    @Test("every thousandth day of four centuries agrees with Foundation")
    func agreement() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        for day in stride(from: -100_000, to: 300_000, by: 997) {
            let seconds = Int64(day) * 86400 + 3661
            let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(RFC3339.text(seconds * 1_000_000) == expected.replacing("Z", with: ".000Z"))
        }
    }

    @Test("the wall clock is Foundation's clock")
    func wallClock() {
        let before = Int64(Date().timeIntervalSince1970 * 1e6) - 1000
        let now = WallClock.microseconds()
        #expect(now >= before)
        #expect(now <= Int64(Date().timeIntervalSince1970 * 1e6) + 1000)
    }
}
