import InferenceModel
import JSON

/// Reads the content of messages; keeps the names of the calls, which results do not repeat.
struct AnthropicBlockReader {
    private var toolNames: [String: String] = [:]

    /// The parts of a message's content.
    ///
    /// - Throws: `InvalidRequest` whose field starts at `content`.
    mutating func content(_ value: JSONValue?, of role: Turn.Role) throws(Malformed) -> [Part] {
        switch value {
        case nil, .null?: throw Malformed("content", "is missing")
        case .string(let text)?: return text.isEmpty ? [] : [.text(text)]
        case .array(let blocks)?:
            var parts: [Part] = []
            parts.reserveCapacity(blocks.count)
            for (place, block) in blocks.enumerated() {
                do throws(Malformed) {
                    try read(block, of: role, into: &parts)
                } catch {
                    throw error.inside("content.\(place)")
                }
            }
            return parts
        case let other?: throw Malformed.wrong(other, "a string or an array", at: "content")
        }
    }

    private mutating func read(
        _ block: JSONValue, of role: Turn.Role, into parts: inout [Part]
    ) throws(Malformed) {
        let members = try block.requiredObject()
        let type = try members.needed("type")
        switch type {
        case "text":
            let text = try members.needed("text")
            if !text.isEmpty { parts.append(.text(text, cache: try AnthropicReader.cache(members))) }
        case "image": parts.append(.media(try media(.image, members)))
        case "document": try document(members, into: &parts)
        case "search_result": try searchResult(members, into: &parts)
        case "thinking" where role == .assistant:
            let signature = try members.text("signature") ?? ""
            parts.append(
                .thinking(Thinking(try members.needed("thinking"), signature: signature.isEmpty ? nil : signature)))
        case "redacted_thinking" where role == .assistant:
            parts.append(.thinking(Thinking("", redacted: try members.needed("data"))))
        case "tool_use" where role == .assistant:
            let id = try members.requiredText("id")
            let name = try members.requiredText("name")
            let input = try members.members("input") ?? JSONObject()
            toolNames[id] = name
            parts.append(
                .toolCall(
                    ToolCall(
                        id: id, name: name,
                        arguments: String(decoding: JSONValue.object(input).serialized(), as: UTF8.self),
                        signature: try members.text("signature"), cache: try AnthropicReader.cache(members))))
        case "tool_result" where role == .user: parts.append(.toolResult(try toolResult(members)))
        case _ where Self.isVendors(type): break
        default:
            throw Malformed("type", "'\(type)' is no block of \(role == .user ? "a user" : "an assistant") message")
        }
    }

    /// Blocks of tools that the vendor runs: they mean nothing to another one, and the text around them stands.
    private static func isVendors(_ type: String) -> Bool {
        type == "server_tool_use" || type == "mcp_tool_use" || type == "container_upload" || type == "compaction"
            || type == "tool_reference" || type == "browser_state"
            || (type != "tool_result" && type.hasSuffix("_tool_result"))
    }

    private mutating func toolResult(_ members: JSONObject) throws(Malformed) -> ToolResult {
        let id = try members.requiredText("tool_use_id")
        let parts: [Part] =
            switch members["content"] {
            case nil, .null?: []
            case let content: try self.content(content, of: .user)
            }
        return ToolResult(
            callID: id, name: toolNames[id], parts: parts, isError: try members.flag("is_error") ?? false,
            cache: try AnthropicReader.cache(members))
    }

    // MARK: Media

    private func media(_ kind: Media.Kind, _ members: JSONObject) throws(Malformed) -> Media {
        guard let source = try members.members("source") else {
            throw Malformed("source", "is missing")
        }
        let cache = try AnthropicReader.cache(members)
        return try Malformed.inside("source") { () throws(Malformed) in
            let type = try source.needed("type")
            switch type {
            case "base64":
                let type = try source.requiredText("media_type")
                guard let data = Base64Text.standard(try source.requiredText("data")) else {
                    throw Malformed("data", "must be base64")
                }
                return Media(kind, .base64(data), mediaType: type, cache: cache)
            case "url": return Media(kind, .url(try source.needed("url")), cache: cache)
            case "file": return Media(kind, .file(try source.needed("file_id")), cache: cache)
            default: throw Malformed("type", "must be 'base64', 'url' or 'file'")
            }
        }
    }

    private mutating func document(_ members: JSONObject, into parts: inout [Part]) throws(Malformed) {
        let title = try members.text("title")
        guard let source = try members.members("source") else {
            throw Malformed("source", "is missing")
        }
        switch source["type"]?.string {
        case "text":
            let text = try Malformed.inside("source") { () throws(Malformed) in try source.needed("data") }
            parts.append(.text(Self.titled(text, title), cache: try AnthropicReader.cache(members)))
        case "content":
            do throws(Malformed) {
                parts += try content(source["content"], of: .user)
            } catch {
                throw error.inside("source")
            }
        default:
            var media = try media(.document, members)
            media.fileName = title
            if media.mediaType == nil, case .url = media.source { media.mediaType = "application/pdf" }
            parts.append(.media(media))
        }
    }

    private mutating func searchResult(_ members: JSONObject, into parts: inout [Part]) throws(Malformed) {
        let title = try members.text("title")
        let texts = try content(members["content"], of: .user).compactMap { part in
            if case .text(let text, _) = part { text } else { nil }
        }
        parts.append(
            .text(Self.titled(texts.joined(separator: "\n"), title), cache: try AnthropicReader.cache(members)))
    }

    private static func titled(_ text: String, _ title: String?) -> String {
        title.map { "\($0)\n\(text)" } ?? text
    }
}
