/// Says in words what is wrong with a value that a coder refused, by its path; never repeats the value.
enum DecodingFault {
    static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "the body is not JSON" }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(path(context.codingPath + [key])): missing"
        case .valueNotFound(let type, let context):
            return "\(path(context.codingPath)): null where \(type) is expected"
        case .typeMismatch(let type, let context):
            return "\(path(context.codingPath)): not of type \(type)"
        case .dataCorrupted(let context):
            // At the top this is a syntax error, whose description may quote the body.
            return context.codingPath.isEmpty
                ? "the body is not JSON" : "\(path(context.codingPath)): not a valid value"
        @unknown default:
            return "the body cannot be read"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return text.isEmpty ? "the body" : text
    }
}
