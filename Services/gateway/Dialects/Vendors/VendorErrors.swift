package import HTTPCore
package import InferenceModel
package import JSON

/// How the errors of vendors of OpenAI's protocol are understood where they differ (contract providers §26, §12, §13, §20).
package enum VendorErrors: String, Sendable, CaseIterable {
    case openAI, xAI, siliconFlow, miniMax, zhipu, unsafeIs400, streamLake, ark, cloudflare, spark, tencent, dashScope,
        bedrock

    /// The member of a good answer in which the vendor hides an error; `nil` for vendors that do not.
    package var hidingPlace: JSONKeys? {
        switch self {
        case .miniMax: Self.baseResp
        case .cloudflare: Self.success
        case .spark: Self.code
        case .tencent: Self.response
        case .openAI, .xAI, .siliconFlow, .zhipu, .unsafeIs400, .streamLake, .ark, .dashScope, .bedrock: nil
        }
    }

    private static let baseResp = JSONKeys("base_resp")
    private static let success = JSONKeys("success")
    private static let code = JSONKeys("code")
    private static let response = JSONKeys("Response")

    /// Reads an error answer; any bytes give an error.
    package func read(
        status: Int, headers: HTTPHeaders = [:], body: [UInt8], parser: JSONParser
    ) -> UpstreamError {
        if self == .bedrock { return Self.bedrock(status: status, headers: headers, body: body, parser: parser) }
        // Zhipu's own statuses, which are none of HTTP's.
        let status = self == .zhipu ? [434: 403, 435: 413][status] ?? status : status
        if let tree = try? parser.parse(body) {
            if let error = hidden(in: tree, status: (400...599).contains(status) ? status : nil) { return error }
            if self == .siliconFlow, let text = tree.string {
                return adjusted(UpstreamError(status: status, message: text, type: "upstream_error"))
            }
        }
        return adjusted(UpstreamError(status: status, body: body, parser: parser))
    }

    /// The error inside an answer; `nil` when there is none of the vendor's own form.
    ///
    /// - Parameter status: The status of the answer when it is an error's.
    package func hidden(in tree: JSONValue, status: Int? = nil) -> UpstreamError? {
        switch self {
        case .miniMax:
            guard let code = tree["base_resp"]?["status_code"]?.int, code != 0 else { return nil }
            return error(Self.miniMaxStatus(code), tree["base_resp"]?["status_msg"], code: .int(code))
        case .spark:
            guard tree["error"] == nil, let code = tree["code"]?.int, code != 0 else { return nil }
            return error(Self.sparkStatus(code) ?? status ?? 500, tree["message"], code: .int(code))
        case .tencent:
            guard let fault = tree["Response"]?["Error"], fault.object != nil else { return nil }
            return error(status ?? 500, fault["Message"], code: fault["Code"] ?? .null)
        case .cloudflare:
            guard tree["success"]?.bool == false, let fault = tree["errors"]?[0] else { return nil }
            return error(status ?? 500, fault["message"], code: fault["code"] ?? .null)
        case .ark:
            guard let fault = tree["ResponseMetadata"]?["Error"], fault.object != nil else { return nil }
            return adjusted(error(status ?? 500, fault["Message"], code: fault["Code"] ?? .null))
        case .bedrock: return Self.bedrock(in: tree)
        case .openAI, .xAI, .siliconFlow, .zhipu, .unsafeIs400, .streamLake, .dashScope: return nil
        }
    }

    private func error(_ status: Int, _ message: JSONValue?, code: JSONValue) -> UpstreamError {
        let text = message?.string ?? ""
        return UpstreamError(
            status: status, message: text.isEmpty ? "the upstream reported an error without a message" : text,
            type: "upstream_error", code: code)
    }

    /// The error with the status that its code or message stands for.
    package func adjusted(_ error: UpstreamError) -> UpstreamError {
        var error = error
        error.status = status(of: error) ?? error.status
        return error
    }

    private func status(of error: UpstreamError) -> Int? {
        let message = error.message
        switch self {
        case .openAI, .miniMax, .cloudflare, .tencent, .bedrock: return nil
        case .spark: return error.code.int.flatMap(Self.sparkStatus)
        case .xAI: return message.contains("Incorrect API key provided") ? 401 : nil
        case .siliconFlow:
            if message.contains("System is really busy") { return 429 }
            let text = message.lowercased()
            let isKey = ["api key is invalid", "invalid api key", "unauthorized"].contains(where: text.contains)
            return isKey ? 401 : nil
        case .zhipu:
            if ["余额不足", "余额已用完", "无可用资源包", "请充值"].contains(where: message.contains) { return 402 }
            return (error.code.string.flatMap { Int($0) } ?? error.code.int).flatMap(Self.zhipuStatus)
        case .streamLake where message.contains("Request rate increased too quickl"): return 429
        case .unsafeIs400, .streamLake:
            let words = [error.type, error.code.string ?? ""]
            return words.contains("system_unsafe") || words.contains("unsafe_request") ? 400 : nil
        case .ark: return error.code.string == "AccountOverdueError" ? 402 : nil
        case .dashScope:
            if message.contains("object is not iterable") { return 400 }
            return error.code.string.flatMap(Self.dashScopeStatus)
        }
    }

    private static func miniMaxStatus(_ code: Int) -> Int {
        switch code {
        case 1008: 402
        case 1001: 408
        case 1004, 2049: 403
        case 1026, 1027, 1042, 2013: 400
        case 1002, 1039, 1041, 2056: 429
        default: 500
        }
    }

    private static func dashScopeStatus(_ code: String) -> Int? {
        switch code {
        case "ServiceUnavailable": 503
        case "RequestTimeOut": 408
        case "Arrearage": 402
        case "DataInspectionFailed", "data_inspection_failed": 400
        case "InvalidApiKey", "invalid_api_key": 401
        case let code where code.hasPrefix("Throttling"): 429
        default: nil
        }
    }

    private static func sparkStatus(_ code: Int) -> Int? {
        switch code {
        case 11200: 403
        case 10163, 10005: 400
        case 11201, 11202, 11203: 429
        default: nil
        }
    }

    private static func zhipuStatus(_ code: Int) -> Int? {
        switch code {
        case 1000...1004, 1111: 401
        case 1113, 1304, 1308...1310: 402
        case 1110, 1112, 1121, 1220, 1311: 403
        case 1211, 1221, 1222: 404
        case 1210, 1212...1215, 1231, 1300, 1301: 400
        case 1261: 413
        case 1302, 1303, 1305, 1313: 429
        case 1120, 1234, 1312: 503
        case 500, 1100, 1200, 1230: 500
        default: nil
        }
    }
}
