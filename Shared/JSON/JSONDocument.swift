import CSimdJSON

/// A checked text and the places of its values in a row: what is read once, however large, without a tree of it.
///
/// A value is named by its place; the top value has place 0, the values in a container follow on it. One thread at a time.
@safe
package final class JSONDocument {
    private let bytes: [UInt8]
    private let parser: JSONParser
    // SAFETY: belongs to the parser, which is ours alone and parses nothing else.
    private let nodes: UnsafePointer<sbjson_node>

    /// Checks a text.
    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self.bytes = bytes
        parser = JSONParser(limits: limits)
        unsafe nodes = try parser.nodes(of: bytes)
    }

    /// The kind of a value.
    package func kind(_ place: Int) -> JSONKind {
        unsafe JSONKind(rawValue: nodes[place].kind) ?? .null
    }

    /// The text of a string; nil for other kinds.
    package func string(_ place: Int) -> String? {
        let node = unsafe nodes[place]
        guard node.kind == SBJSON_STRING else { return nil }
        return unsafe bytes.withUnsafeBytes { buffer in
            let inside = unsafe UnsafeRawBufferPointer(rebasing: buffer[Int(node.start) + 1..<Int(node.end) - 1])
            return unsafe JSONDecode.string(inside: inside, escaped: node.escaped != 0)
        }
    }

    /// The truth value; nil for other kinds.
    package func bool(_ place: Int) -> Bool? {
        let node = unsafe nodes[place]
        guard node.kind == SBJSON_BOOL else { return nil }
        return bytes[Int(node.start)] == UInt8(ascii: "t")
    }

    /// A number as it is written; nil for other kinds.
    package func number(_ place: Int) -> JSONNumber? {
        let node = unsafe nodes[place]
        guard node.kind == SBJSON_NUMBER else { return nil }
        return JSONDecode.number(bytes, Int(node.start)..<Int(node.end))
    }

    /// How many elements an array or members an object has; 0 for a scalar.
    package func count(_ place: Int) -> Int {
        unsafe Int(nodes[place].count)
    }

    /// The place behind a value and everything in it.
    package func after(_ place: Int) -> Int {
        var next = place
        var left = 1
        while left > 0 {
            let node = unsafe nodes[next]
            if node.kind == SBJSON_ARRAY { left += Int(node.count) }
            if node.kind == SBJSON_OBJECT { left += 2 * Int(node.count) }
            left -= 1
            next += 1
        }
        return next
    }

    /// Whether the string at a place, such as the key of a member, is this text.
    package func isString(_ place: Int, _ text: String) -> Bool {
        let node = unsafe nodes[place]
        guard node.escaped == 0 else { return string(place) == text }
        guard Int(node.end) - Int(node.start) - 2 == text.utf8.count else { return false }
        let bytes = bytes
        let inside = bytes.span.extracting(Int(node.start) + 1..<Int(node.end) - 1)
        let wanted = text.utf8.span
        for place in inside.indices where inside[place] != wanted[place] { return false }
        return true
    }
}
