import Testing

@testable import Postgres

@Suite("Values in text form")
struct PostgresCodableTests {
    private func decode<T: PostgresDecodable>(_ text: String, as: T.Type = T.self) throws -> T {
        let bytes = Array(text.utf8)
        return try T.decode(postgresText: bytes.span)
    }

    @Test("integers are read to the ends of their range and not beyond")
    func integers() throws {
        #expect(try decode("9223372036854775807", as: Int64.self) == .max)
        #expect(try decode("-9223372036854775808", as: Int64.self) == .min)
        #expect(try decode("-2147483648", as: Int32.self) == .min)
        #expect(try decode("32767", as: Int16.self) == .max)
        for bad in ["9223372036854775808", "-9223372036854775809", "", "-", "+1", "1 ", "0x1", "1.0", "١"] {
            #expect(throws: PostgresDecodeFault.self) { try decode(bad, as: Int64.self) }
        }
        #expect(throws: PostgresDecodeFault("integer out of range")) { try decode("2147483648", as: Int32.self) }
    }

    @Test("numbers keep their value, also those that are none")
    func doubles() throws {
        for value in [0.1, -0.0, 1e308, 2.2250738585072014e-308, .infinity, -.infinity, 1 / 3] {
            #expect(try decode(value.postgresText, as: Double.self) == value)
        }
        #expect(try decode("NaN", as: Double.self).isNaN)
        #expect(throws: PostgresDecodeFault.self) { try decode("1,5", as: Double.self) }
    }

    @Test("truth values are t and f and nothing else")
    func booleans() throws {
        #expect(try decode("t", as: Bool.self))
        #expect(try !decode("f", as: Bool.self))
        #expect(throws: PostgresDecodeFault.self) { try decode("true", as: Bool.self) }
    }

    @Test("array literals survive hostile elements")
    func arrays() throws {
        let hostile = ["", "NULL", "null", "a,b", "{x}", #"q"uote"#, #"back\slash"#, "new\nline", " lead", "ü€😀"]
        guard case .text(let literal) = hostile.postgresParameter else {
            Issue.record("not text")
            return
        }
        #expect(try decode(literal, as: [String].self) == hostile)
        #expect(try decode("{}", as: [String].self) == [])
        #expect(try decode("{1,-2}", as: [Int].self) == [1, -2])
        #expect(try decode("[0:1]={1,2}", as: [Int].self) == [1, 2])
        #expect(try decode(#"{a,NULL,"NULL"}"#, as: [String?].self) == ["a", nil, "NULL"])
        #expect([1, nil, 3].postgresParameter == .text(#"{"1",NULL,"3"}"#))
        for bad in ["", "{", "{a", "{a}x", "{{1}}", #"{"a}"#, #"{a\"#, "a", "[0:1]"] {
            #expect(throws: PostgresDecodeFault.self) { try decode(bad, as: [String].self) }
        }
        #expect(throws: PostgresDecodeFault.self) { try decode("{NULL}", as: [Int].self) }
    }

    @Test("bytea is sent as it is and read from hex")
    func bytea() throws {
        let all = Array(UInt8.min...UInt8.max)
        #expect(all.postgresParameter == .binary(all))
        #expect(try decode(hexText(of: all), as: [UInt8].self) == all)
        #expect(try decode(#"\x"#, as: [UInt8].self) == [])
        for bad in ["", "x", #"\x1"#, #"\xgg"#, "ab"] {
            #expect(throws: PostgresDecodeFault.self) { try decode(bad, as: [UInt8].self) }
        }
    }

    @Test(
        "timestamps are written and read as the calendar has it",
        arguments: [
            (Int64(0), "1970-01-01 00:00:00.000000+00"),
            (-1, "1969-12-31 23:59:59.999999+00"),
            (951_782_400_000_000, "2000-02-29 00:00:00.000000+00"),
            (1_772_323_199_123_456, "2026-02-28 23:59:59.123456+00"),
            (-62_135_596_800_000_000, "0001-01-01 00:00:00.000000+00"),
            (-62_135_596_800_000_001, "0001-12-31 23:59:59.999999+00 BC"),
            (Int64.max, "infinity"), (Int64.min, "-infinity"),
        ])
    func timestamps(_ microseconds: Int64, _ text: String) throws {
        #expect(Timestamp(microseconds: microseconds).postgresText == text)
        #expect(try decode(text, as: Timestamp.self).microseconds == microseconds)
    }

    @Test("any offset and precision of a timestamp is read, nonsense is not")
    func timestampForms() throws {
        #expect(try decode("1970-01-01 05:30:00+05:30", as: Timestamp.self).microseconds == 0)
        #expect(try decode("1969-12-31 19:00:00.5-05", as: Timestamp.self).microseconds == 500_000)
        #expect(try decode("1970-01-01", as: Timestamp.self).microseconds == 0)
        #expect(try decode("1970-01-01T00:00:01Z", as: Timestamp.self).microseconds == 1_000_000)
        for bad in ["", "now", "1970", "1970-13-01", "1970-01-01 00:00:00 AD", "1970-01-01 0:0:0", "999999999-01-01"] {
            #expect(throws: PostgresDecodeFault.self) { try decode(bad, as: Timestamp.self) }
        }
    }

    @Test("every day of four centuries keeps its date")
    func calendar() {
        var mismatches = 0
        for day in Int64(-200_000)...200_000 {
            let (year, month, dayOfMonth) = Timestamp.civil(fromDays: day)
            if Timestamp.days(year: year, month: month, day: dayOfMonth) != day { mismatches += 1 }
        }
        #expect(mismatches == 0)
    }
}
