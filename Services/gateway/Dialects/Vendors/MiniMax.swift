import Contracts
import JSON

extension OpenAICompatible {
    /// MiniMax (contract providers §13): errors hide in good answers, the last event of a stream says everything again, speech and embeddings have forms of their own.
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
        own: { call, channel in
            let parts = channel.key.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            let group = parts.count > 1 && !parts[1].isEmpty ? "?GroupId=" + PathText.escaped(String(parts[1])) : ""
            return switch call.mode {
            case .audioSpeech: .at("/t2a_v2" + group, Wire(speech: MiniMaxSpeech()))
            case .embeddings: .at("/embeddings" + group, Wire(embedding: .vendor, MiniMaxEmbeddings()))
            default: nil
            }
        },
        adapt: { traits, _, configs in
            if configs["use_chat_completions_path"]?.bool ?? false { traits.takesStreamOptions = true }
        })
}
