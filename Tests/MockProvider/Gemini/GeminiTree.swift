/// A request's body read under Google's names in either case (`inlineData`, `inline_data`).
struct GeminiTree {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var whole: Range<Int> { 0..<bytes.count }

    /// A name in camel case.
    static func camel(_ name: String) -> String {
        guard name.dropFirst().utf8.contains(UInt8(ascii: "_")) else { return name }
        let words = name.split(separator: "_")
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    func members(_ range: Range<Int>) -> [(key: String, value: Range<Int>)] {
        LenientJSON.members(bytes, range).filter { !isNull($0.value) }
    }

    func member(_ range: Range<Int>, _ name: String) -> Range<Int>? {
        members(range).last { Self.camel($0.key) == name }?.value
    }

    /// The elements of an array; a value that is none is the only one.
    func list(_ range: Range<Int>) -> [Range<Int>] { LenientJSON.elements(bytes, range) ?? [range] }

    func list(_ range: Range<Int>, _ name: String) -> [Range<Int>] { member(range, name).map(list) ?? [] }

    func text(_ range: Range<Int>) -> String? { LenientJSON.text(bytes, range) }

    func text(_ range: Range<Int>, _ name: String) -> String? { member(range, name).flatMap(text) }

    func number(_ range: Range<Int>) -> Double? { Double(String(decoding: bytes[range], as: UTF8.self)) }

    func isTrue(_ range: Range<Int>) -> Bool { LenientJSON.isTrue(bytes, range) }

    func isObject(_ range: Range<Int>) -> Bool { bytes[range].first == UInt8(ascii: "{") }

    func isList(_ range: Range<Int>) -> Bool { bytes[range].first == UInt8(ascii: "[") }

    func isString(_ range: Range<Int>) -> Bool { bytes[range].first == UInt8(ascii: "\"") }

    func isNull(_ range: Range<Int>) -> Bool { bytes[range].elementsEqual("null".utf8) }
}
