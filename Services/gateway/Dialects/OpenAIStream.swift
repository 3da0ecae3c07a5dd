package import Contracts
package import InferenceModel
package import JSON

/// Relays a stream of OpenAI-style server-sent events with the listed edits; sans-IO.
///
/// Bytes go in as they come, bytes for the caller come out, event by event and otherwise unchanged (contract providers §3.4):
/// - `model` becomes the requested name;
/// - a usage chunk (`"choices":[]`) that only the gateway asked for is withheld, and its `usage` joins the last chunk with a finish reason, which is
///   held back for it: a caller that did not ask sees no chunk without choices, and still gets the counts;
/// - `id:` and `retry:` lines are dropped, since clients stumble on them; comments pass, for they keep connections alive;
/// - what follows `[DONE]` is dropped, and `end` adds a `[DONE]` that the upstream forgot.
package struct OpenAIStream: Sendable {
    /// How the upstream's part of the stream stands.
    package enum Ending: Equatable, Sendable {
        /// Events may still come.
        case open
        /// `[DONE]` came.
        case done
        /// An event carried an error.
        case failed(UpstreamError)
    }

    /// What cannot be relayed.
    package enum Fault: Error, Equatable, Sendable {
        /// One event is larger than the limit of bytes.
        case eventTooLarge(limit: Int)
    }

    /// The counts of the last event that had any.
    package private(set) var usage: TokenUsage?
    package private(set) var ending = Ending.open
    /// The id of the answer, from its first event; empty before.
    package private(set) var id = ""
    /// Whether an event had a finish reason: after it the answer is complete, even without `[DONE]`.
    package private(set) var isFinished = false
    /// Bytes of JSON in events with choices, for an estimate when the upstream reports no usage.
    package private(set) var contentBytes = 0
    /// Events with choices that were relayed.
    package private(set) var contentEvents = 0

    private let model: [UInt8]
    private let withholdsUsage: Bool
    private let maxEventBytes: Int
    /// The lines of the event that is not complete yet.
    private var pending: [UInt8] = []
    /// Where the search for the next line end goes on in `pending`.
    private var searched = 0
    /// A finished event that waits for the usage; emitted with the next event at the latest.
    private var held: [UInt8]?
    /// Where the usage belongs in `held`: the value to be replaced, or the empty place before the closing brace.
    private var heldUsage = 0..<0

    private static let keys = JSONKeys("model", "usage", "error", "choices", "id")
    private static let data = Array("data:".utf8)
    private static let doneLine = Array("data: [DONE]\n\n".utf8)

    /// Makes the relay of one stream.
    ///
    /// - Parameters:
    ///   - requestedModel: The name the caller used.
    ///   - withholdsUsage: Whether the usage chunk was asked for by the gateway and not by the caller.
    ///   - maxEventBytes: The largest event that is relayed.
    package init(requestedModel: String, withholdsUsage: Bool, maxEventBytes: Int = 16 * 1024 * 1024) {
        model = JSONWriter.quoted(requestedModel)
        self.withholdsUsage = withholdsUsage
        self.maxEventBytes = maxEventBytes
    }

    /// Whether a finished event waits for the usage that should follow at once.
    package var isHolding: Bool { held != nil }

    /// Takes bytes of the upstream and appends what is for the caller.
    ///
    /// An event that carries an error is not appended: `ending` tells, and the rest of the bytes is dropped.
    ///
    /// - Throws: `.eventTooLarge`.
    package mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(Fault) {
        guard ending == .open else { return }
        pending += bytes
        var start = 0
        while ending == .open, let end = eventEnd() {
            relay(start..<end, parser: parser, into: &out)
            start = end
        }
        pending.removeFirst(ending == .open ? start : pending.count)
        searched = ending == .open ? max(0, searched - start) : 0
        if pending.count > maxEventBytes { throw .eventTooLarge(limit: maxEventBytes) }
    }

    /// Appends what was held back; for the case that the usage does not come at once.
    package mutating func releaseHeld(into out: inout [UInt8]) {
        guard let held else { return }
        out += held
        self.held = nil
    }

    /// The upstream's bytes are over: appends what is left, and the `[DONE]` that belongs at the end of a complete answer.
    ///
    /// - Returns: Whether the answer was complete; a cut one gets no `[DONE]`.
    package mutating func end(parser: JSONParser, into out: inout [UInt8]) -> Bool {
        if ending == .open, !pending.isEmpty {
            pending += [10, 10]
            relay(0..<pending.count, parser: parser, into: &out)
            pending = []
            searched = 0
        }
        releaseHeld(into: &out)
        switch ending {
        case .done: return true
        case .failed: return false
        case .open:
            guard isFinished else { return false }
            out += Self.doneLine
            ending = .done
            return true
        }
    }

    /// The place after the next blank line in `pending`, behind what was already searched.
    private mutating func eventEnd() -> Int? {
        unsafe pending.withUnsafeBufferPointer { bytes in
            var place = searched
            while place < bytes.count {
                let byte = unsafe bytes[place]
                guard byte == 10 || byte == 13 else {
                    place += 1
                    continue
                }
                // A line ends here; the event ends when another line end follows.
                guard let next = unsafe Self.afterLineEnd(bytes, place) else { break }
                guard next < bytes.count else { break }
                if unsafe bytes[next] == 10 || bytes[next] == 13, let end = unsafe Self.afterLineEnd(bytes, next) {
                    searched = end
                    return end
                }
                if unsafe bytes[next] == 13 { break }
                place = next
            }
            searched = place
            return nil
        }
    }

    /// The place after the line end at `place`; `nil` when a CR is the last byte, since an LF may follow.
    private static func afterLineEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int? {
        if unsafe bytes[place] == 10 { return place + 1 }
        guard place + 1 < bytes.count else { return nil }
        return unsafe bytes[place + 1] == 10 ? place + 2 : place + 1
    }

    /// Relays one event with its blank line.
    private mutating func relay(_ event: Range<Int>, parser: JSONParser, into out: inout [UInt8]) {
        var payload: Range<Int>?
        var hasDropped = false
        var dataLines = 0
        var place = event.lowerBound
        while place < event.upperBound {
            let lineEnd = pending[place..<event.upperBound].firstIndex { $0 == 10 || $0 == 13 } ?? event.upperBound
            let line = place..<lineEnd
            if starts(line, with: Self.data) {
                dataLines += 1
                let start = line.lowerBound + Self.data.count
                payload = (start < line.upperBound && pending[start] == 32 ? start + 1 : start)..<line.upperBound
            } else if starts(line, with: Array("id:".utf8)) || starts(line, with: Array("retry:".utf8)) {
                hasDropped = true
            }
            place = lineEnd < event.upperBound ? lineEnd + 1 : lineEnd
        }
        guard let payload, dataLines == 1 else {
            if hasDropped { return }
            out += pending[event]
            return
        }
        if pending[payload].elementsEqual("[DONE]".utf8) {
            releaseHeld(into: &out)
            out += Self.doneLine
            ending = .done
            return
        }
        guard let scan = try? parser.scan(pending, in: payload, for: Self.keys) else {
            releaseHeld(into: &out)
            out += pending[event]
            return
        }
        edit(hasDropped ? payload : event, payload: payload, scan, parser: parser, bare: hasDropped, into: &out)
    }

    private mutating func edit(
        _ event: Range<Int>, payload: Range<Int>, _ scan: JSONScan, parser: JSONParser, bare: Bool,
        into out: inout [UInt8]
    ) {
        func absolute(_ range: Range<Int>) -> Range<Int> {
            range.lowerBound + payload.lowerBound..<range.upperBound + payload.lowerBound
        }
        if let error = scan[2], error.kind == .object || error.kind == .string,
            let tree = try? parser.parse(pending, in: payload), let fault = UpstreamError(status: 500, tree: tree)
        {
            releaseHeld(into: &out)
            ending = .failed(fault)
            return
        }
        if id.isEmpty, let field = scan[4] { id = field.string(in: pending, from: payload.lowerBound) ?? "" }
        var hasUsage = false
        if let field = scan[1], field.kind == .object,
            let counts = UsageReader.read(try? parser.parse(pending, in: absolute(field.range)))
        {
            usage = counts
            hasUsage = true
        }
        let choices = scan[3].map { absolute($0.range) }
        let isEmptyChoices = choices.map { pending[$0].allSatisfy { $0 != UInt8(ascii: "{") } } ?? true
        if isEmptyChoices, withholdsUsage, hasUsage, let field = scan[1] {
            joinHeld(usage: absolute(field.range))
            releaseHeld(into: &out)
            return
        }
        releaseHeld(into: &out)
        var text = bare ? Array("data: ".utf8) : []
        text.reserveCapacity(event.count + model.count + 8)
        // Where a place of `pending` stands in `text`: shifted, and behind the name also by what the name grew.
        var nameEnd = event.upperBound
        var growth = 0
        let shift = text.count - event.lowerBound
        if let field = scan[0], field.kind == .string {
            let place = absolute(field.range)
            text += pending[event.lowerBound..<place.lowerBound]
            text += model
            text += pending[place.upperBound..<event.upperBound]
            nameEnd = place.upperBound
            growth = model.count - place.count
        } else {
            text += pending[event]
        }
        if bare { text += [10, 10] }
        guard let choices, !isEmptyChoices else {
            out += text
            return
        }
        contentBytes += choices.count
        contentEvents += 1
        guard Self.hasFinishReason(pending[choices]) else {
            out += text
            return
        }
        isFinished = true
        guard withholdsUsage, !hasUsage else {
            out += text
            return
        }
        func moved(_ place: Int) -> Int { place + shift + (place >= nameEnd ? growth : 0) }
        if let field = scan[1] {
            let value = absolute(field.range)
            heldUsage = moved(value.lowerBound)..<moved(value.upperBound)
        } else {
            let brace = pending[payload].lastIndex(of: UInt8(ascii: "}")) ?? payload.upperBound
            heldUsage = moved(brace)..<moved(brace)
        }
        held = text
    }

    /// Puts the usage object into the held event: over an empty `usage`, else as the last member.
    private mutating func joinHeld(usage range: Range<Int>) {
        guard var text = held else { return }
        let name = heldUsage.isEmpty ? Array(",\"usage\":".utf8) : []
        text.replaceSubrange(heldUsage, with: name + pending[range])
        held = text
    }

    private func starts(_ line: Range<Int>, with prefix: [UInt8]) -> Bool {
        line.count >= prefix.count && pending[line.lowerBound..<line.lowerBound + prefix.count].elementsEqual(prefix)
    }

    /// Whether `"finish_reason"` with a value other than `null` stands in the choices; inside a text its quotes would be escaped.
    private static func hasFinishReason(_ choices: ArraySlice<UInt8>) -> Bool {
        let key = Array("\"finish_reason\"".utf8)
        return unsafe choices.withUnsafeBufferPointer { bytes in
            guard bytes.count > key.count else { return false }
            var place = 0
            while place + key.count < bytes.count {
                guard unsafe bytes[place] == key[0], unsafe place == 0 || bytes[place - 1] != UInt8(ascii: "\\"),
                    key.indices.allSatisfy({ unsafe bytes[place + $0] == key[$0] })
                else {
                    place += 1
                    continue
                }
                var value = place + key.count
                while value < bytes.count, unsafe [32, 9, 10, 13, UInt8(ascii: ":")].contains(bytes[value]) {
                    value += 1
                }
                if value < bytes.count, unsafe bytes[value] != UInt8(ascii: "n") { return true }
                place = value
            }
            return false
        }
    }
}
