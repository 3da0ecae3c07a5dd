/// What is kept of the bodies of calls: the options `SaveAllLogDetail`, `LogDetailRequestBodyMaxSize` and `LogDetailResponseBodyMaxSize`
/// (contract admin-api §16.2); `nil` for one that nobody set.
package struct DetailTerms: Equatable, Sendable {
    /// Whether bodies of calls that went well are kept too.
    package var savesAll: Bool?
    /// Bytes of a request; 0 for as much as is ever kept, below 0 for none.
    package var requestBytes: Int?
    /// Bytes of an answer, likewise.
    package var responseBytes: Int?

    /// Never more is kept of a body, in bytes.
    package static let most = 512 * 1024
    private static let standard = 8 * 1024

    package init(savesAll: Bool? = nil, requestBytes: Int? = nil, responseBytes: Int? = nil) {
        self.savesAll = savesAll
        self.requestBytes = requestBytes
        self.responseBytes = responseBytes
    }

    /// Reads them from the options that are set.
    package init(options: [String: String]) {
        savesAll = options["SaveAllLogDetail"].map { $0.lowercased() == "true" }
        requestBytes = options["LogDetailRequestBodyMaxSize"].flatMap { Int($0) }
        responseBytes = options["LogDetailResponseBodyMaxSize"].flatMap { Int($0) }
    }

    /// These, and for what they leave open the others.
    package func over(_ others: DetailTerms) -> DetailTerms {
        DetailTerms(
            savesAll: savesAll ?? others.savesAll, requestBytes: requestBytes ?? others.requestBytes,
            responseBytes: responseBytes ?? others.responseBytes)
    }

    /// Whether the bodies of a call are kept that went well.
    package var keepsGood: Bool { savesAll ?? false }

    /// How much of a request is kept, in bytes; 0 for nothing.
    package var requestLimit: Int { Self.limit(requestBytes) }

    /// How much of an answer is kept, in bytes; 0 for nothing.
    package var responseLimit: Int { Self.limit(responseBytes) }

    private static func limit(_ bytes: Int?) -> Int {
        let bytes = bytes ?? standard
        return bytes == 0 ? most : max(0, min(bytes, most))
    }
}
