import JSON

/// Ids of tool calls for a vendor that wants them of one length, letters and digits alone; the same one for a call and its result.
struct CallID {
    let length: Int

    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The id as the vendor takes it; one that it takes already stays.
    func written(_ id: String) -> String {
        let isFine = id.utf8.count == length && id.utf8.allSatisfy { byte in Self.letters.contains(byte) }
        guard !isFine else { return id }
        // FNV-1a; ids need to differ within one conversation only.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var out: [UInt8] = []
        for _ in 0..<length {
            out.append(Self.letters[Int(hash % UInt64(Self.letters.count))])
            hash /= UInt64(Self.letters.count)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The messages of a request with the ids in this form.
    func applied(to messages: [JSONValue]) -> [JSONValue] {
        messages.map { message in
            var message = message
            if let id = message["tool_call_id"]?.string { message["tool_call_id"] = .string(written(id)) }
            if let calls = message["tool_calls"]?.array {
                message["tool_calls"] = .array(
                    calls.map { call in
                        guard let id = call["id"]?.string else { return call }
                        var call = call
                        call["id"] = .string(written(id))
                        return call
                    })
            }
            return message
        }
    }
}
