import Foundation

/// Good bytes that mutants are made of: the golden files of a protocol, and a few for protocols without.
package enum FuzzSeeds {
    private static let root =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/DialectsTests/Golden"

    /// Streams of a protocol's upstreams.
    package static func streams(_ folder: String) -> [[UInt8]] {
        golden(folder) { $0.hasSuffix(".in.sse") || $0.hasSuffix(".in.txt") || $0.hasSuffix(".stream.txt") } + own
    }

    /// Answers and requests of a protocol.
    package static func bodies(_ folder: String) -> [[UInt8]] {
        golden(folder) { $0.hasSuffix(".in.json") || $0.hasSuffix(".request.json") || $0.hasSuffix(".answer.json") }
            + own.filter { $0.first == UInt8(ascii: "{") }
    }

    private static func golden(_ folder: String, _ isWanted: (String) -> Bool) -> [[UInt8]] {
        let root = Self.root + "/" + folder
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter(isWanted).sorted().compactMap { name in
            (try? Data(contentsOf: URL(fileURLWithPath: root + "/" + name))).map { Array($0) }
        }
    }

    /// A form with two parts.
    package static let form = Array(
        "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".mp3\"\r\nContent-Type: audio/mpeg\r\n\r\nID3\r\n--X\r\n--XX--\r\n"
            .utf8)

    /// Ollama's lines and the events of the Responses protocol.
    private static let own = [
        #"{"model":"m","message":{"role":"assistant","content":"Hi","thinking":"t"},"done":false}"# + "\n"
            + #"{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false}"# + "\n"
            + #"{"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}"#
            + "\n",
        event("response.created", #""response":{"id":"resp_1","object":"response","model":"m","output":[]}"#)
            + event(
                "response.output_item.added",
                #""output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}"#)
            + event("response.reasoning_summary_text.delta", #""output_index":0,"item_id":"rs_1","delta":"hm""#)
            + event(
                "response.output_item.added",
                #""output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":""}"#
            )
            + event(
                "response.function_call_arguments.delta", #""output_index":1,"item_id":"fc_1","delta":"{}""#)
            + event("response.output_text.delta", #""output_index":2,"content_index":0,"item_id":"msg_1","delta":"a""#)
            + event(
                "response.completed",
                #""response":{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}"#
            ),
        #"{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"e"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}],"usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"total_tokens":3}}"#,
        #"{"model":"m","instructions":"s","input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:image/png;base64,aGk="}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"r"}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"tool_choice":"auto","reasoning":{"effort":"low"},"text":{"format":{"type":"json_schema","name":"n","schema":{}}},"stream":true}"#,
    ].map { Array($0.utf8) }

    private static func event(_ type: String, _ members: String) -> String {
        "event: \(type)\ndata: {\"type\":\"\(type)\",\(members)}\n\n"
    }
}
