import Dialects
import HTTPClient
import HTTPServer
import InferenceModel
import JSON
import MediaFetch

/// Turns addresses in a call into the bytes behind them, for upstreams that take no addresses. What was fetched serves all attempts of the call and goes with it.
///
/// Confined to the loop of the call's connection.
final class CallMedia {
    private let relay: Relay
    private let scope: CallScope
    private let job: MediaJob
    /// What the attempt needs that is not there yet.
    private var missing: [Media] = []

    init(relay: Relay, scope: CallScope) {
        self.relay = relay
        self.scope = scope
        job = MediaJob(relay.media, client: relay.clients.client(on: scope.request.loop))
    }

    /// Ends what is being fetched.
    func cancel() { job.cancel() }

    /// A call with bytes for addresses.
    struct Inlined {
        let call: any CallerCall
        /// The whole request, when the call is converted.
        var neutral: InferenceRequest?
    }

    /// A call with bytes for the addresses of these kinds of media; `nil` while some of them must be fetched first.
    ///
    /// - Parameter passes: Whether the call passes as bytes; else it is converted.
    /// - Throws: `RelayError` for what is wrong with the request.
    func inlined(
        _ kinds: Set<Media.Kind>, of call: any CallerCall, passes: Bool
    ) throws(RelayError) -> Inlined? {
        let parser = relay.state(of: scope.request).parser
        do throws(InvalidRequest) {
            if passes {
                guard let call = call as? any MediaCall else { return Inlined(call: call) }
                let named = call.named(kinds, parser: parser).filter(Self.isWeb)
                guard !named.isEmpty else { return Inlined(call: call) }
                guard has(named) else { return nil }
                return Inlined(call: try call.inlined(kinds, parser: parser, data))
            }
            guard let converted = call as? any InferenceCall else { return Inlined(call: call) }
            var request = try converted.neutral(parser: parser)
            let named = request.named(kinds)
            guard named.isEmpty || has(named) else { return nil }
            if !named.isEmpty { request.inline(kinds, data) }
            return Inlined(call: call, neutral: request)
        } catch {
            throw .caller(code: .invalidRequest, message: error.message, field: error.field)
        }
    }

    private static func isWeb(_ media: Media) -> Bool {
        if case .url(let address) = media.source { MediaAddress.isWeb(address) } else { false }
    }

    /// Whether all of these are there; else they are missing.
    private func has(_ named: [Media]) -> Bool {
        let isThere = job.has(named)
        if !isThere { missing = named }
        return isThere
    }

    private func data(_ address: String) -> (base64: String, type: String)? {
        job.media(address).map { (base64: Base64Text.encoded($0.bytes), type: $0.type) }
    }

    /// Fetches what an answer names, for a caller that wants its bytes.
    ///
    /// - Throws: `RelayError` telling why it cannot be had.
    func fetch(answered addresses: [String]) async throws(RelayError) {
        let wanted = addresses.map { Media(.image, .url($0)) }
        guard let (_, error) = await job.fetch(wanted) else { return }
        guard !error.isBusy else { throw Self.busy }
        let message = "the upstream's answer names a picture that could not be fetched: \(error.reason)"
        throw .upstream(
            UpstreamError(
                status: 502, message: message, type: "upstream_error",
                code: .string(RelayError.Code.upstreamBadAnswer.rawValue)),
            code: .upstreamBadAnswer)
    }

    /// What was fetched, in base64.
    func base64(_ address: String) -> String? { data(address)?.base64 }

    private static let busy = RelayError.ours(
        code: .overloaded, message: "the gateway fetches as much as it takes; please try again")

    /// Fetches what `inlined` found missing.
    ///
    /// - Throws: `RelayError` naming the member whose address could not be fetched.
    func fetch() async throws(RelayError) {
        defer { missing = [] }
        guard let (address, error) = await job.fetch(missing) else { return }
        guard !error.isBusy else { throw Self.busy }
        throw .caller(
            code: .invalidRequest,
            message: "the address given here could not be fetched for the model: \(error.reason)",
            field: MemberPlace.find(address, in: scope.body, parser: relay.state(of: scope.request).parser))
    }
}

/// Where a text stands in a JSON document, as callers write it: `messages[0].content[1].image_url.url`. Pure.
enum MemberPlace {
    /// The first place, in the order of the document; `nil` when the text is nowhere.
    static func find(_ text: String, in body: [UInt8], parser: JSONParser) -> String? {
        guard let value = try? parser.parse(body) else { return nil }
        return find(text, value)
    }

    /// The depth is bounded by the parser.
    private static func find(_ text: String, _ value: JSONValue) -> String? {
        switch value {
        case .string(let found):
            return found == text ? "" : nil
        case .array(let elements):
            for (place, element) in elements.enumerated() {
                if let rest = find(text, element) { return "[\(place)]" + joined(rest) }
            }
            return nil
        case .object(let members):
            for member in members.members {
                if let rest = find(text, member.value) { return member.key + joined(rest) }
            }
            return nil
        case .null, .bool, .number: return nil
        }
    }

    private static func joined(_ rest: String) -> String {
        rest.isEmpty || rest.hasPrefix("[") ? rest : "." + rest
    }
}
