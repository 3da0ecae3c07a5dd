import JSON

/// Text as bytes.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Bytes as text, for readable expectations.
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// The error a closure throws, nil when it returns.
func jsonError<Value>(_ body: () throws(JSONError) -> Value) -> JSONError? {
    do throws(JSONError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

/// A chat request with what real ones hold: nested tools, numbers of all forms, escapes, text in several scripts.
let chatRequest = #"""
    {"model": "gpt-4o", "stream":true, "temperature":1.0, "seed":123456789012345678901234567890,"messages": [
    {"role":"system","content":"You \"answer\" in\nlines\u0021"},{"role":"user","content":[{"type":"text","text":"Grüße 世界 😀 \ud83d\ude00"},
    {"type":"image_url","image_url":{"url":"data:image\/png;base64,AAAA"}}]}], "tools":[{"type":"function","function":{"name":"f",
    "parameters":{"type":"object","properties":{"n":{"type":"number","minimum":-1.5e-7,"enum":[0,-0,1E+2,null,false]}}}}}],
    "stream_options":{"include_usage":false},"stop":[],"metadata":{}}
    """#

/// A chunk of a streamed answer.
let chatChunk =
    #"{"id":"chatcmpl-9aBc","object":"chat.completion.chunk","created":1717171717,"model":"gpt-4o-2024-05-13","#
    + #""system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" wor\"ld"},"finish_reason":null}],"usage":null}"#

/// Random trees and random ways to write them.
struct JSONMaker<Generator: RandomNumberGenerator> {
    var generator: Generator

    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 0: .null
        case 1: .bool(Bool.random(using: &generator))
        case 2, 3: number()
        case 4: .string(string())
        case 5, 6: .array((0..<Int.random(in: 0..<6, using: &generator)).map { _ in value(depth: depth - 1) })
        default: .object(object(depth: depth - 1, members: Int.random(in: 0..<20, using: &generator)))
        }
    }

    mutating func object(depth: Int, members: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<members { object[string()] = value(depth: depth) }
        return object
    }

    mutating func string() -> String {
        let alphabet: [Character] = [
            "a", "b", "\"", "\\", "/", "\n", "\t", "\u{1}", "\u{1F}", "\u{7F}", "é", "世", "😀", "{", "]", ",", ":", " ",
            "u",
        ]
        return String(
            (0..<Int.random(in: 0..<12, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "a"
            })
    }

    /// A number in one of the many forms JSON allows.
    mutating func number() -> JSONValue {
        let digits = { (generator: inout Generator, count: Int) in
            (0..<count).map { _ in String(Int.random(in: 0...9, using: &generator)) }.joined()
        }
        var text = Bool.random(using: &generator) ? "-" : ""
        let length = Int.random(in: 0..<25, using: &generator)
        text += length == 0 ? "0" : String(Int.random(in: 1...9, using: &generator)) + digits(&generator, length - 1)
        if Bool.random(using: &generator) { text += "." + digits(&generator, Int.random(in: 1..<6, using: &generator)) }
        if Bool.random(using: &generator) {
            text += ["e", "E", "e+", "E-"].randomElement(using: &generator) ?? "e"
            text += digits(&generator, Int.random(in: 1..<4, using: &generator))
        }
        guard let value = try? JSONValue.parse(bytes(text)) else { return .null }
        return value
    }

    /// A tree as text with random blanks and random, needless escapes.
    mutating func spread(_ value: JSONValue) -> String {
        switch value {
        case .null, .bool, .number: return blank() + text(value.serialized()) + blank()
        case .string(let content): return blank() + quote(content) + blank()
        case .array(let elements):
            return blank() + "[" + blank() + elements.map { spread($0) }.joined(separator: ",") + "]" + blank()
        case .object(let members):
            let parts = members.members.map { blank() + quote($0.key) + blank() + ":" + spread($0.value) }
            return blank() + "{" + blank() + parts.joined(separator: ",") + "}" + blank()
        }
    }

    private mutating func blank() -> String {
        ["", "", "", " ", "\n", "\t", "\r", "  \r\n\t "].randomElement(using: &generator) ?? ""
    }

    private mutating func quote(_ content: String) -> String {
        var result = "\""
        for unit in content.utf16 {
            let mustEscape = unit < 0x20 || unit == 0x22 || unit == 0x5C
            if mustEscape || (unit < 0x80 && Int.random(in: 0..<8, using: &generator) == 0) {
                let digits = String(unit, radix: 16, uppercase: Bool.random(using: &generator))
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else if unit < 0x80 {
                result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
