import InferenceModel
import JSON

extension ToolNames {
    /// The names of a request's functions, for a protocol with this rule.
    init(of request: InferenceRequest, _ rule: Rule) {
        var names: [String] = []
        for case .function(let tool) in request.tools { names.append(tool.name) }
        for turn in request.turns {
            for case .toolCall(let call) in turn.parts { names.append(call.name) }
        }
        self.init(names, rule)
    }

    /// The request with the names that are sent.
    mutating func applied(to request: InferenceRequest) -> InferenceRequest {
        guard !changed.isEmpty else { return request }
        var request = request
        for place in request.tools.indices {
            guard case .function(var tool) = request.tools[place] else { continue }
            tool.name = name(tool.name)
            request.tools[place] = .function(tool)
        }
        switch request.toolChoice {
        case .function(let one)?: request.toolChoice = .function(name(one))
        case .oneOf(let several)?: request.toolChoice = .oneOf(several.map { name($0) })
        case .auto?, ToolChoice.none?, .required?, nil: break
        }
        for turn in request.turns.indices {
            for place in request.turns[turn].parts.indices {
                switch request.turns[turn].parts[place] {
                case .toolCall(var call):
                    call.name = name(call.name)
                    request.turns[turn].parts[place] = .toolCall(call)
                case .toolResult(var result):
                    result.name = result.name.map { name($0) }
                    request.turns[turn].parts[place] = .toolResult(result)
                case .text, .media, .thinking, .refusal: break
                }
            }
        }
        return request
    }
}

extension InferenceResponse {
    /// The answer with the caller's names of the tools that were sent under other ones.
    func naming(_ callersNames: [String: String]) -> InferenceResponse {
        guard !callersNames.isEmpty else { return self }
        var response = self
        for choice in response.choices.indices {
            for place in response.choices[choice].parts.indices {
                guard case .toolCall(var call) = response.choices[choice].parts[place],
                    let name = callersNames[call.name]
                else { continue }
                call.name = name
                response.choices[choice].parts[place] = .toolCall(call)
            }
        }
        return response
    }
}

/// A reader whose calls have the caller's names of tools that were sent under other ones.
struct NamingReader: EventReader {
    private var reader: any EventReader
    private let callersNames: [String: String]

    /// The reader itself where no name was changed.
    static func named(_ reader: any EventReader, _ callersNames: [String: String]) -> any EventReader {
        callersNames.isEmpty ? reader : NamingReader(reader: reader, callersNames: callersNames)
    }

    mutating func feed(
        _ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        let start = events.count
        defer { rename(&events, from: start) }
        try reader.feed(bytes, parser: parser, into: &events)
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        let start = events.count
        defer { rename(&events, from: start) }
        try reader.end(parser: parser, into: &events)
    }

    private func rename(_ events: inout [InferenceEvent], from start: Int) {
        for place in start..<events.count {
            guard case .toolCallStarted(let choice, let index, let id, let name, let signature) = events[place],
                let callers = callersNames[name]
            else { continue }
            events[place] = .toolCallStarted(choice: choice, index: index, id: id, name: callers, signature: signature)
        }
    }
}
