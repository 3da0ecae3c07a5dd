package import InferenceModel
package import JSON

/// SiliconFlow's pictures (contract providers §20): other names for the same things.
package struct SiliconFlowImages: ImageDialect {
    package init() {}

    private static let names = [
        ("n", "batch_size"), ("steps", "num_inference_steps"), ("scale", "guidance_scale"), ("size", "image_size"),
    ]

    package func write(_ request: ImageRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var body = request.members
        body["model"] = .string(request.model)
        if body["size"]?.string == "auto" { body["size"] = nil }
        for (name, own) in Self.names {
            if body[own] == nil, let value = body[name], !value.isNull { body[own] = value }
            body[name] = nil
        }
        for name in ["response_format", "stream"] { body[name] = nil }
        return UpstreamBody(JSONValue.object(body).serialized(), headers: OpenAIExchange.plainHeaders)
    }

    package func read(_ body: [UInt8], parser: JSONParser) throws(UpstreamError) -> ImageResponse {
        guard let tree = try? parser.parse(body) else { throw Self.foreign }
        if tree["error"] != nil || tree["images"] == nil, let fault = UpstreamError(status: 500, tree: tree) {
            throw VendorErrors.siliconFlow.adjusted(fault)
        }
        let images = (tree["images"]?.array ?? tree["data"]?.array ?? []).compactMap { $0["url"]?.string }
        guard !images.isEmpty else { throw Self.foreign }
        return ImageResponse(addresses: images)
    }

    package func readError(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError {
        VendorErrors.siliconFlow.read(status: status, body: body, parser: parser)
    }
}
