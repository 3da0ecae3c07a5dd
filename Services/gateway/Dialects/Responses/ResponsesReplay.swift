import JSON

/// Tells a whole response as the stream that the caller asked for, each text and each call in one piece (contract providers §6.6).
struct ResponsesReplay {
    private var out: [UInt8] = []
    private var frames = ResponsesFrames()

    private init() {}

    /// The events of a response.
    static func bytes(_ response: JSONObject) -> [UInt8] {
        var replay = ResponsesReplay()
        var begun = response
        begun["status"] = "in_progress"
        begun["output"] = []
        begun["usage"] = .null
        begun["incomplete_details"] = .null
        replay.event("response.created") { $0.field("response", .object(begun)) }
        replay.event("response.in_progress") { $0.field("response", .object(begun)) }
        for (place, item) in (response["output"]?.array ?? []).enumerated() { replay.tell(item, place) }
        let status = response["status"]?.string ?? "completed"
        let isKnown = ["completed", "incomplete", "failed", "cancelled", "queued", "in_progress"].contains(status)
        replay.event("response.\(isKnown ? status : "completed")") { $0.field("response", .object(response)) }
        return replay.out
    }

    private mutating func event(_ type: String, _ members: (inout JSONWriter) -> Void) {
        frames.append(type, to: &out, members)
    }

    private mutating func tell(_ item: JSONValue, _ place: Int) {
        var begun = item
        begun["status"] = "in_progress"
        let isMessage = item["type"]?.string == "message"
        let isCall = item["type"]?.string == "function_call"
        if isMessage { begun["content"] = [] }
        if isCall { begun["arguments"] = "" }
        event("response.output_item.added") { root in
            root.field("output_index", place)
            root.field("item", begun)
        }
        let parts = isMessage ? item["content"]?.array ?? [] : []
        for (number, part) in parts.enumerated() { tell(part, number, of: item, place) }
        if isCall {
            let arguments = ResponsesAnswer.arguments(item["arguments"])
            for (type, member) in [("delta", "delta"), ("done", "arguments")] {
                event("response.function_call_arguments.\(type)") { root in
                    root.field("item_id", item["id"])
                    root.field("output_index", place)
                    root.field(member, arguments)
                }
            }
        }
        event("response.output_item.done") { root in
            root.field("output_index", place)
            root.field("item", item)
        }
    }

    private mutating func tell(_ part: JSONValue, _ number: Int, of item: JSONValue, _ place: Int) {
        func within(_ type: String, _ members: (inout JSONWriter) -> Void, _ replay: inout ResponsesReplay) {
            replay.event(type) { root in
                root.field("item_id", item["id"])
                root.field("output_index", place)
                root.field("content_index", number)
                members(&root)
            }
        }
        let isRefusal = part["type"]?.string == "refusal"
        let (kind, member) = isRefusal ? ("refusal", "refusal") : ("output_text", "text")
        var begun = part
        begun[member] = ""
        within("response.content_part.added", { $0.field("part", begun) }, &self)
        let text = part[member]?.string ?? ""
        let logprobs: JSONValue? = isRefusal ? JSONValue?.none : part["logprobs"] ?? []
        within(
            "response.\(kind).delta",
            { root in
                root.field("delta", text)
                root.field("logprobs", logprobs)
            }, &self)
        within(
            "response.\(kind).done",
            { root in
                root.field(member, text)
                root.field("logprobs", logprobs)
            }, &self)
        within("response.content_part.done", { $0.field("part", part) }, &self)
    }
}

/// Writes events, each with its name and number.
struct ResponsesFrames {
    private var sequence = 0

    /// Goes on behind an event that somebody else wrote.
    ///
    /// - Parameter number: Its number; a stream that is told again from its middle does not begin with 0.
    mutating func follow(_ number: Int?) { sequence = (number.map { max(0, min($0, Int(Int32.max))) } ?? sequence) + 1 }

    /// Appends an event whose members follow its type and number.
    mutating func append(_ type: String, to out: inout [UInt8], _ members: (inout JSONWriter) -> Void) {
        var json = JSONWriter(reserving: 256)
        json.object { root in
            root.field("type", type)
            root.field("sequence_number", sequence)
            members(&root)
        }
        sequence += 1
        out += "event: \(type)\ndata: ".utf8
        out += json.bytes
        out += [10, 10]
    }
}
