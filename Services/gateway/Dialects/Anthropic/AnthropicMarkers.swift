import InferenceModel

/// Cache markers, of which Anthropic takes four in a request: the last ones stay, for what they cache holds what the earlier ones would.
enum AnthropicMarkers {
    private static let most = 4

    /// The request with at most four markers.
    static func limited(_ request: InferenceRequest) -> InferenceRequest {
        var excess = count(request) - most
        guard excess > 0 else { return request }
        var request = request
        visit(&request) { marker in
            guard excess > 0, marker != nil else { return }
            marker = nil
            excess -= 1
        }
        return request
    }

    private static func count(_ request: InferenceRequest) -> Int {
        let tools = request.tools.count { if case .function(let tool) = $0 { tool.cache != nil } else { false } }
        return tools + request.system.count { $0.cache != nil }
            + request.turns.reduce(0) { $0 + count($1.parts) }
    }

    private static func count(_ parts: [Part]) -> Int {
        var count = 0
        for part in parts {
            switch part {
            case .text(_, let cache): count += cache == nil ? 0 : 1
            case .media(let media): count += media.cache == nil ? 0 : 1
            case .toolCall(let call): count += call.cache == nil ? 0 : 1
            case .toolResult(let result): count += (result.cache == nil ? 0 : 1) + self.count(result.parts)
            case .thinking, .refusal: break
            }
        }
        return count
    }

    /// Visits the markers in the order in which a prompt is made of a request: tools, system, messages.
    private static func visit(_ request: inout InferenceRequest, _ change: (inout CacheMarker?) -> Void) {
        for place in request.tools.indices {
            guard case .function(var tool) = request.tools[place] else { continue }
            change(&tool.cache)
            request.tools[place] = .function(tool)
        }
        for place in request.system.indices { change(&request.system[place].cache) }
        for place in request.turns.indices { visit(&request.turns[place].parts, change) }
    }

    private static func visit(_ parts: inout [Part], _ change: (inout CacheMarker?) -> Void) {
        for place in parts.indices {
            switch parts[place] {
            case .text(let text, var cache):
                change(&cache)
                parts[place] = .text(text, cache: cache)
            case .media(var media):
                change(&media.cache)
                parts[place] = .media(media)
            case .toolCall(var call):
                change(&call.cache)
                parts[place] = .toolCall(call)
            case .toolResult(var result):
                visit(&result.parts, change)
                change(&result.cache)
                parts[place] = .toolResult(result)
            case .thinking, .refusal: break
            }
        }
    }
}
