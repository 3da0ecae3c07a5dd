import Contracts
import InferenceModel
import JSON

/// Answers with pictures in OpenAI's form: how they are counted, and their bytes in place of addresses (contract providers §3.8).
enum Pictures {
    /// Counts pictures that the vendor did not count, and finds those that it gives by address alone.
    ///
    /// - Parameter asData: Whether the caller wants their bytes.
    static func read(_ answer: inout RelayedAnswer, asData: Bool, _ parser: JSONParser) {
        guard asData || answer.usage == nil, let tree = try? parser.parse(answer.body), let list = tree["data"]?.array
        else { return }
        if answer.usage == nil, !list.isEmpty {
            answer.usage = TokenUsage(outputTokens: list.count, totalTokens: list.count, imageOutputTokens: list.count)
        }
        guard asData else { return }
        answer.addresses = list.compactMap(address).filter { DataURL($0) == nil }
        // Data addresses are bytes already.
        if answer.addresses.isEmpty, list.contains(where: { address($0) != nil }) {
            answer = inlined(answer, parser: parser) { _ in nil }
        }
    }

    /// The answer with bytes for the addresses that `base64` knows.
    static func inlined(_ answer: RelayedAnswer, parser: JSONParser, _ base64: (String) -> String?) -> RelayedAnswer {
        guard var tree = (try? parser.parse(answer.body))?.object, let list = tree["data"]?.array else { return answer }
        tree["data"] = .array(
            list.map { picture in
                guard let address = address(picture), let data = DataURL(address)?.base64 ?? base64(address) else {
                    return picture
                }
                var picture = picture
                picture["url"] = nil
                picture["b64_json"] = .string(data)
                return picture
            })
        var answer = answer
        answer.body = JSONValue.object(tree).serialized()
        answer.addresses = []
        return answer
    }

    /// The address of a picture that has no bytes.
    private static func address(_ picture: JSONValue) -> String? {
        guard picture["b64_json"]?.string?.isEmpty ?? true, let url = picture["url"]?.string, !url.isEmpty else {
            return nil
        }
        return url
    }
}
