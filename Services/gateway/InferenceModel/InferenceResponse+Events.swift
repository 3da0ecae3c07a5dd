import JSON

extension InferenceResponse {
    /// The answer as a stream would have told it.
    package var events: [InferenceEvent] {
        var events: [InferenceEvent] = [.started(id: id, model: model, created: created)]
        for (choice, candidate) in choices.enumerated() {
            var calls = 0
            if let logprobs = candidate.logprobs { events.append(.logprobs(choice: choice, logprobs)) }
            let lastText = candidate.parts.lastIndex { if case .text = $0 { true } else { false } }
            for (place, part) in candidate.parts.enumerated() {
                switch part {
                case .text(let text, _):
                    events.append(.text(choice: choice, text))
                    if place == lastText, !candidate.citations.isEmpty {
                        events.append(.citations(choice: choice, candidate.citations))
                    }
                case .refusal(let text): events.append(.refusal(choice: choice, text))
                case .media(let media): events.append(.media(choice: choice, media))
                case .thinking(let thinking):
                    if let redacted = thinking.redacted { events.append(.redactedThinking(choice: choice, redacted)) }
                    if !thinking.text.isEmpty { events.append(.thinking(choice: choice, thinking.text)) }
                    if let signature = thinking.signature {
                        events.append(.thinkingSignature(choice: choice, signature))
                    }
                case .toolCall(let call):
                    events.append(
                        .toolCallStarted(
                            choice: choice, index: calls, id: call.id, name: call.name, signature: call.signature))
                    events.append(.toolArguments(choice: choice, index: calls, call.arguments))
                    events.append(.toolCallEnded(choice: choice, index: calls))
                    calls += 1
                case .toolResult: break
                }
            }
            events.append(.finished(choice: choice, candidate.finish, stopSequence: candidate.stopSequence))
        }
        if let usage { events.append(.usage(usage)) }
        events.append(.ended)
        return events
    }

    /// Adds what an event tells: the answer of a whole stream, event by event. Deltas that follow each other become one part.
    package mutating func add(_ event: InferenceEvent) {
        switch event {
        case .started(let id, let model, let created): (self.id, self.model, self.created) = (id, model, created)
        case .text(let choice, let text): self[choice].append(text: text)
        case .refusal(let choice, let text): self[choice].append(refusal: text)
        case .thinking(let choice, let text): self[choice].append(thinking: text)
        case .thinkingSignature(let choice, let signature): self[choice].sign(signature)
        case .redactedThinking(let choice, let redacted):
            self[choice].parts.append(.thinking(Thinking("", redacted: redacted)))
        case .toolCallStarted(let choice, _, let id, let name, let signature):
            self[choice].parts.append(.toolCall(ToolCall(id: id, name: name, arguments: "", signature: signature)))
        case .toolArguments(let choice, let index, let text): self[choice].append(arguments: text, ofCall: index)
        case .media(let choice, let media): self[choice].parts.append(.media(media))
        case .logprobs(let choice, let logprobs): self[choice].append(logprobs: logprobs)
        case .citations(let choice, let citations): self[choice].citations += citations
        case .finished(let choice, let reason, let sequence):
            self[choice].finish = reason
            self[choice].stopSequence = sequence
        case .usage(let counts): usage = counts
        case .toolCallEnded, .ended: break
        }
    }

    /// The candidate of a number, which is made with all before it.
    private subscript(choice: Int) -> Choice {
        get { choices.indices.contains(choice) ? choices[choice] : Choice(parts: [], finish: .stop) }
        _modify {
            while choices.count <= choice { choices.append(Choice(parts: [], finish: .stop)) }
            yield &choices[choice]
        }
    }
}

extension Choice {
    fileprivate mutating func append(text: String) {
        guard case .text(var before, _)? = parts.last else { return parts.append(.text(text)) }
        parts.removeLast()
        before += text
        parts.append(.text(before))
    }

    fileprivate mutating func append(refusal text: String) {
        guard case .refusal(var before)? = parts.last else { return parts.append(.refusal(text)) }
        parts.removeLast()
        before += text
        parts.append(.refusal(before))
    }

    /// A thought that is signed is complete; what follows is another.
    fileprivate mutating func append(thinking text: String) {
        guard case .thinking(var before)? = parts.last, before.signature == nil, before.redacted == nil else {
            return parts.append(.thinking(Thinking(text)))
        }
        parts.removeLast()
        before.text += text
        parts.append(.thinking(before))
    }

    fileprivate mutating func sign(_ signature: String) {
        guard case .thinking(var before)? = parts.last, before.signature == nil else {
            return parts.append(.thinking(Thinking("", signature: signature)))
        }
        parts.removeLast()
        before.signature = signature
        parts.append(.thinking(before))
    }

    fileprivate mutating func append(arguments: String, ofCall index: Int) {
        var calls = 0
        for place in parts.indices {
            guard case .toolCall(var call) = parts[place] else { continue }
            guard calls == index else {
                calls += 1
                continue
            }
            parts[place] = .refusal("")
            call.arguments += arguments
            parts[place] = .toolCall(call)
            return
        }
    }

    /// Lists of tokens that follow each other become one.
    fileprivate mutating func append(logprobs: JSONValue) {
        guard var all = self.logprobs?.object, let more = logprobs.object else { return self.logprobs = logprobs }
        for member in more.members {
            if let list = all[member.key]?.array, let rest = member.value.array {
                all[member.key] = .array(list + rest)
            } else if !member.value.isNull {
                all[member.key] = member.value
            }
        }
        self.logprobs = .object(all)
    }
}
