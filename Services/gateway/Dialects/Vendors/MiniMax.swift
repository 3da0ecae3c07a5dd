import Contracts
import JSON

extension OpenAICompatible {
    /// MiniMax (contract providers §13): errors hide in good answers, and the last event of a stream says everything again.
    static let miniMax = OpenAICompatible(
        "minimax", paths: [.chatCompletions: "/text/chatcompletion_v2"],
        traits: OpenAITraits(takesStreamOptions: false).with {
            $0.repeatsMessage = true
            $0.errors = .miniMax
        }, anthropic: AnthropicRoute("/anthropic/v1/messages", from: .host, auth: .header("x-api-key")),
        path: { mode, _, configs in
            let isUsual = configs["use_chat_completions_path"]?.bool ?? false
            return mode == .chatCompletions && isUsual ? "/chat/completions" : nil
        },
        adapt: { traits, _, configs in
            if configs["use_chat_completions_path"]?.bool ?? false { traits.takesStreamOptions = true }
        })
}
