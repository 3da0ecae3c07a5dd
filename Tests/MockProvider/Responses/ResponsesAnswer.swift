import Synchronization

/// The Responses protocol: `POST …/responses` and what is done with a kept response. The model name chooses the answer as in OpenAI's part; a request that OpenAI would
/// refuse is refused, so that a wrong conversion fails.
enum ResponsesAnswer {
    /// Whether a request is of this protocol.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.path.hasSuffix("/responses") || keptID(request) != nil
    }

    /// The id and the rest of the path of a request about a kept response.
    private static func keptID(_ request: MockRequest) -> (id: String, rest: String)? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard let place = parts.lastIndex(of: "responses"), place + 1 < parts.count else { return nil }
        return (String(parts[place + 1]), parts[(place + 2)...].joined(separator: "/"))
    }

    static func steps(for request: MockRequest) -> any Steps {
        if let (id, rest) = keptID(request) { return kept(request, id, rest) }
        let asked = ResponsesAsked(request)
        switch asked.behaviour.kind {
        case .status(let code): return whole(code, Answer.error(code))
        case .retryAfter(let seconds): return whole(429, Answer.error(429), more: "Retry-After: \(seconds)\r\n")
        case .textError: return FixedSteps([.write(Answer.whole(500, "text/plain", Array("internal trouble".utf8)))])
        case .errorIn200: return whole(200, Answer.error(400))
        case .reset: return FixedSteps([.reset])
        case .close: return FixedSteps([.cut])
        default: break
        }
        if let fault = ResponsesCheck.fault(request) { return refused(400, fault.message, fault.member) }
        if let before = asked.previous, !ResponsesShelf.shared.has(before) {
            return refused(400, "Previous response with id '\(before)' not found.", "previous_response_id")
        }
        if asked.isKept { ResponsesShelf.shared.keep(asked) }
        if asked.streams, asked.behaviour.kind != .jsonForStream { return ResponsesEvents.steps(asked) }
        return plain(asked)
    }

    // MARK: Kept responses

    private static func kept(_ request: MockRequest, _ id: String, _ rest: String) -> any Steps {
        guard let asked = ResponsesShelf.shared.find(id) else {
            return refused(404, "Response with id '\(id)' not found.", "response_id")
        }
        switch (request.method, rest) {
        case ("GET", ""):
            if request.target.contains("stream=true") { return ResponsesEvents.steps(asked) }
            return whole(200, asked.response(asked.isBackground ? .inProgress : .ended))
        case ("DELETE", ""):
            ResponsesShelf.shared.remove(id)
            return whole(200, Array(#"{"id":"\#(id)","object":"response","deleted":true}"#.utf8))
        case ("POST", "cancel"):
            guard asked.isBackground else {
                return refused(400, "Cannot cancel a synchronous response.", "response_id")
            }
            return whole(200, asked.response(.cancelled))
        case ("GET", "input_items"):
            var out = Array(#"{"object":"list","data":[{"id":"msg_input","type":"message","role":"user","#.utf8)
            out.append(#""status":"completed","content":[{"type":"input_text","text":"#)
            out.appendJSON(asked.inputText.utf8)
            out.append(#"}]}],"first_id":"msg_input","last_id":"msg_input","has_more":false}"#)
            return whole(200, out)
        default: return refused(405, "Method not allowed", nil)
        }
    }

    // MARK: Answers

    private static func plain(_ asked: ResponsesAsked) -> any Steps {
        let body = asked.response(
            asked.behaviour.kind == .errorInStream ? .failed : asked.isBackground ? .queued : .ended)
        let answer = Answer.whole(200, "application/json", body, more: "x-request-id: req_mock\r\n")
        switch asked.behaviour.kind {
        case .slowHead(let milliseconds): return FixedSteps([.wait(.milliseconds(milliseconds)), .write(answer)])
        case .cutJSON, .cutMidStream: return FixedSteps([.write(Array(answer.dropLast(body.count / 2))), .cut])
        case .splitUTF8: return FixedSteps(answer.map { .write([$0]) })
        case .invalidJSON: return whole(200, Array(#"{"object":"response","output":["#.utf8))
        default: return FixedSteps([.write(answer)])
        }
    }

    private static func whole(_ code: Int, _ body: [UInt8], more: String = "") -> any Steps {
        FixedSteps([.write(Answer.whole(code, "application/json", body, more: "x-request-id: req_mock\r\n" + more))])
    }

    private static func refused(_ code: Int, _ message: String, _ member: String?) -> any Steps {
        var out = Array(#"{"error":{"message":"#.utf8)
        out.appendJSON(message.utf8)
        out.append(#","type":"invalid_request_error","param":"#)
        if let member { out.appendJSON(member.utf8) } else { out.append("null") }
        out.append(#","code":null}}"#)
        return whole(code, out)
    }
}

/// The responses that were made and not deleted; the last 256.
final class ResponsesShelf: Sendable {
    static let shared = ResponsesShelf()
    private static let room = 256
    private let state = Mutex<[(id: String, asked: ResponsesAsked)]>([])
    private let made = Atomic<Int>(0)

    /// The id of a new response.
    func nextID() -> String { "resp_mock\(made.add(1, ordering: .relaxed).newValue)" }

    func keep(_ asked: ResponsesAsked) {
        state.withLock { kept in
            if kept.count == Self.room { kept.removeFirst() }
            kept.append((asked.id, asked))
        }
    }

    func find(_ id: String) -> ResponsesAsked? {
        state.withLock { kept in kept.first { $0.id == id }?.asked }
    }

    func has(_ id: String) -> Bool { find(id) != nil }

    func remove(_ id: String) {
        state.withLock { kept in kept.removeAll { $0.id == id } }
    }
}
