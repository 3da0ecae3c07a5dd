import CSimdJSON

/// Reads JSON with simdjson; keeps its buffers from call to call. One for each loop: it is not safe between threads.
///
/// Every call checks the whole text: UTF-8, grammar, escapes, numbers, depth. What is accepted beyond RFC 8259: nothing;
/// a surrogate escape without its other half is grammatical and passes, and reads as U+FFFD when it is decoded.
@safe
package final class JSONParser {
    // SAFETY: made in init, freed in deinit, used by one thread at a time.
    private let handle: OpaquePointer
    private let limits: JSONLimits

    /// A parser with its own buffers, a few kilobytes until the first large text.
    package init(limits: JSONLimits = JSONLimits()) {
        self.limits = limits
        guard
            let handle = unsafe sbjson_new(
                UInt32(limits.depth), UInt32(min(limits.values, Int(Int32.max))))
        else { preconditionFailure("out of memory") }
        unsafe self.handle = handle
    }

    deinit {
        unsafe sbjson_free(handle)
    }

    /// The members of the object that the text, or the given part of it, holds.
    ///
    /// - Returns: Ranges that count from the start of `bytes`, also when only a part was read.
    /// - Throws: `notAnObject` for other JSON; offsets count from the start of the part.
    package func members(of bytes: [UInt8], in part: Range<Int>? = nil) throws(JSONError) -> JSONObjectIndex {
        let part = part ?? bytes.indices
        let found: Result<([JSONMember], Range<Int>), JSONError> = unsafe bytes.withUnsafeBytes { buffer in
            let text = unsafe UnsafeRawBufferPointer(rebasing: buffer[part])
            return unsafe index(text, part.lowerBound)
        }
        unsafe sbjson_trim(handle)
        let (members, range) = try found.get()
        return JSONObjectIndex(bytes: bytes, members: members, range: range)
    }

    /// The tree of the text, or of the given part of it.
    ///
    /// - Throws: Offsets count from the start of the part.
    package func parse(_ bytes: [UInt8], in part: Range<Int>? = nil) throws(JSONError) -> JSONValue {
        let part = part ?? bytes.indices
        let found: Result<JSONValue, JSONError> = unsafe bytes.withUnsafeBytes { buffer in
            let text = unsafe UnsafeRawBufferPointer(rebasing: buffer[part])
            return unsafe tree(text)
        }
        unsafe sbjson_trim(handle)
        return try found.get()
    }

    /// Where the wanted members of the object stand; allocates nothing, for the events of a stream.
    ///
    /// - Returns: For each key its last member; ranges count from the start of `bytes`.
    /// - Throws: `notAnObject` for other JSON.
    package func scan(_ bytes: RawSpan, for keys: JSONKeys) throws(JSONError) -> JSONScan {
        precondition(keys.count <= JSONScan.limit, "at most \(JSONScan.limit) keys in a scan")
        var scan = JSONScan()
        let result = unsafe bytes.withUnsafeBytes { text -> sbjson_result in
            guard text.count <= limits.bytes else { return sbjson_result(code: UInt32(SBJSON_NO_MEMORY), offset: 0) }
            return unsafe scan.fill(handle, text, keys)
        }
        guard result.code == SBJSON_OK else { throw error(result) }
        return scan
    }

    /// Where the wanted members of the object in an array, or in a part of it, stand; see ``scan(_:for:)-(RawSpan,_)``.
    ///
    /// - Returns: Ranges that count from the start of the part.
    package func scan(
        _ bytes: [UInt8], in part: Range<Int>? = nil, for keys: JSONKeys
    ) throws(JSONError) -> JSONScan {
        // SAFETY: bytes of UInt8 have no padding.
        try unsafe scan(bytes.span.extracting(part ?? bytes.indices).bytes, for: keys)
    }

    /// Finds the members that a table wants in an object, or in a part of an array; nothing is allocated.
    ///
    /// - Returns: Nothing; the table holds the places until it is filled again. Its ranges count from the start of the part.
    /// - Throws: `notAnObject` for other JSON.
    package func fill(_ table: JSONFieldTable, _ bytes: [UInt8], in part: Range<Int>? = nil) throws(JSONError) {
        let part = part ?? bytes.indices
        let result = unsafe bytes.withUnsafeBytes { buffer -> sbjson_result in
            guard part.count <= limits.bytes else { return sbjson_result(code: UInt32(SBJSON_NO_MEMORY), offset: 0) }
            return unsafe table.fill(handle, UnsafeRawBufferPointer(rebasing: buffer[part]))
        }
        guard result.code == SBJSON_OK else { throw error(result) }
    }

    /// The values of the text in a row; they stand until the next call with this parser.
    func nodes(of bytes: [UInt8]) throws(JSONError) -> UnsafePointer<sbjson_node> {
        guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
        var nodes: UnsafePointer<sbjson_node>?
        let result = unsafe bytes.withUnsafeBytes { text in
            unsafe sbjson_tree(handle, text.baseAddress, text.count, &nodes)
        }
        guard result.code == SBJSON_OK, let nodes = unsafe nodes else { throw error(result) }
        return unsafe nodes
    }

    private func index(
        _ text: UnsafeRawBufferPointer, _ base: Int
    ) -> Result<([JSONMember], Range<Int>), JSONError> {
        guard text.count <= limits.bytes else { return .failure(.tooLarge(limit: limits.bytes)) }
        var found: UnsafePointer<sbjson_member>?
        var count = 0
        var start: UInt32 = 0
        var end: UInt32 = 0
        let result = unsafe sbjson_members(handle, text.baseAddress, text.count, &found, &count, &start, &end)
        guard result.code == SBJSON_OK else { return .failure(error(result)) }
        var members: [JSONMember] = []
        members.reserveCapacity(count)
        for place in 0..<count {
            guard let member = unsafe found?[place] else { break }
            let inside = unsafe UnsafeRawBufferPointer(
                rebasing: text[Int(member.key_start) + 1..<Int(member.key_end) - 1])
            members.append(
                JSONMember(
                    key: unsafe JSONDecode.string(inside: inside, escaped: member.key_escaped != 0),
                    kind: JSONKind(rawValue: member.kind) ?? .null,
                    keyRange: base + Int(member.key_start)..<base + Int(member.key_end),
                    range: base + Int(member.start)..<base + Int(member.end)))
        }
        return .success((members, base + Int(start)..<base + Int(end)))
    }

    private func tree(_ text: UnsafeRawBufferPointer) -> Result<JSONValue, JSONError> {
        guard text.count <= limits.bytes else { return .failure(.tooLarge(limit: limits.bytes)) }
        var nodes: UnsafePointer<sbjson_node>?
        let result = unsafe sbjson_tree(handle, text.baseAddress, text.count, &nodes)
        guard result.code == SBJSON_OK, let nodes = unsafe nodes else { return .failure(error(result)) }
        var builder = unsafe JSONTreeBuilder(text: text, nodes: nodes)
        return .success(builder.value())
    }

    private func error(_ result: sbjson_result) -> JSONError {
        if let flaw = JSONError.Flaw(rawValue: UInt8(truncatingIfNeeded: result.code)) {
            return .syntax(flaw, offset: Int(result.offset))
        }
        switch Int(result.code) {
        case SBJSON_EMPTY: return .empty
        case SBJSON_TOO_DEEP: return .tooDeep(limit: limits.depth, offset: Int(result.offset))
        case SBJSON_TOO_MANY_VALUES: return .tooLarge(limit: limits.values)
        case SBJSON_NOT_AN_OBJECT:
            return .notAnObject(found: JSONKind(rawValue: UInt8(truncatingIfNeeded: result.offset)) ?? .null)
        default: return .tooLarge(limit: limits.bytes)
        }
    }
}

/// Builds the tree from the nodes of the walker, in the order of the text.
///
/// Recursion is as deep as the text, which the parser has bounded.
@safe
private struct JSONTreeBuilder {
    private let text: UnsafeRawBufferPointer
    private var next: UnsafePointer<sbjson_node>

    init(text: UnsafeRawBufferPointer, nodes: UnsafePointer<sbjson_node>) {
        unsafe self.text = unsafe text
        unsafe next = unsafe nodes
    }

    mutating func value() -> JSONValue {
        let node = take()
        switch Int(node.kind) {
        case SBJSON_BOOL: return .bool(unsafe text[Int(node.start)] == UInt8(ascii: "t"))
        case SBJSON_NUMBER:
            let digits = unsafe UnsafeRawBufferPointer(rebasing: text[Int(node.start)..<Int(node.end)])
            return .number(JSONNumber(unchecked: unsafe String(decoding: digits, as: UTF8.self)))
        case SBJSON_STRING: return .string(string(node))
        case SBJSON_ARRAY:
            var elements: [JSONValue] = []
            elements.reserveCapacity(Int(node.count))
            for _ in 0..<node.count { elements.append(value()) }
            return .array(elements)
        case SBJSON_OBJECT:
            var members = JSONObject(reserving: Int(node.count))
            for _ in 0..<node.count {
                let key = string(take())
                members[key] = value()
            }
            return .object(members)
        default: return .null
        }
    }

    private mutating func take() -> sbjson_node {
        let node = unsafe next.pointee
        unsafe next += 1
        return node
    }

    private func string(_ node: sbjson_node) -> String {
        let inside = unsafe UnsafeRawBufferPointer(rebasing: text[Int(node.start) + 1..<Int(node.end) - 1])
        return unsafe JSONDecode.string(inside: inside, escaped: node.escaped != 0)
    }
}
