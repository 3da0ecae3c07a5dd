import Contracts
package import InferenceModel
package import JSON

/// DashScope's pictures, by the models that answer at once (contract providers §10).
package struct DashScopeImages: ImageDialect {
    package init() {}

    /// Where the models are asked, appended to the channel's address.
    static let path = "/api/v1/services/aigc/multimodal-generation/generation"

    /// Whether a model is one of those; the others answer to a later question only.
    static func knows(_ model: String) -> Bool {
        let name = model.lowercased()
        return name.hasPrefix("qwen-image") || name == "wan2.6-t2i" || name.hasPrefix("wan2.7-image")
            || name == "z-image-turbo"
    }

    package func write(_ request: ImageRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        let name = request.model.lowercased()
        let (isQwen, isWan) = (name.hasPrefix("qwen-image"), name.hasPrefix("wan"))
        let count = request.count ?? 1
        let most = Self.most(name)
        guard count <= most else {
            throw InvalidRequest(message: "'n' must be at most \(most) for this model", field: "n")
        }
        var parameters: JSONObject = ["n": .int(count)]
        if name != "qwen-image-edit", let size = request.size {
            parameters["size"] = .string(size.replacing("x", with: "*"))
        }
        var names = ["negative_prompt"]
        if isQwen || name.hasPrefix("wan2.6") { names.append("seed") }
        if !name.hasPrefix("wan2.7") { names.append("prompt_extend") }
        if !name.hasPrefix("z-image") { names.append("watermark") }
        if isWan { names += ["thinking_mode", "enable_sequential", "bbox_list"] }
        for name in names { parameters[name] = request.members[name] }
        let body: JSONObject = [
            "model": .string(request.model),
            "input": [
                "messages": [["role": "user", "content": [.object(["text": .string(request.prompt)])]]]
            ],
            "parameters": .object(parameters),
        ]
        return UpstreamBody(JSONValue.object(body).serialized(), headers: OpenAIExchange.plainHeaders)
    }

    private static func most(_ name: String) -> Int {
        let isSeveral = ["qwen-image-2.0", "qwen-image-edit-plus", "qwen-image-edit-max"].contains(
            where: name.hasPrefix)
        return isSeveral ? 6 : name.hasPrefix("wan") ? 4 : 1
    }

    package func read(_ body: [UInt8], parser: JSONParser) throws(UpstreamError) -> ImageResponse {
        guard let tree = try? parser.parse(body) else { throw Self.foreign }
        var images: [String] = []
        for choice in tree["output"]?["choices"]?.array ?? [] {
            for part in choice["message"]?["content"]?.array ?? [] {
                if let url = part["image"]?.string { images.append(url) }
            }
        }
        guard !images.isEmpty else {
            if let fault = UpstreamError(status: 500, tree: tree) { throw VendorErrors.dashScope.adjusted(fault) }
            throw Self.foreign
        }
        return ImageResponse(addresses: images, id: tree["request_id"]?.string ?? "")
    }

    package func readError(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError {
        VendorErrors.dashScope.read(status: status, body: body, parser: parser)
    }
}
