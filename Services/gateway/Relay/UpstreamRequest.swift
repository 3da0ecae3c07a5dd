import CloudAuth
import Contracts
import Dialects
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InferenceModel
import Routing

/// Forms requests to upstreams and reads the fields of their answers; pure.
enum UpstreamRequest {
    /// Where a call goes on a channel.
    ///
    /// - Throws: `RelayError` when the channel lacks what the call needs.
    static func route(
        _ call: any CallerCall, scope: CallScope, channel: RoutedChannel, state: LoopState
    ) throws(RelayError) -> UpstreamRoute {
        let wanted = VendorCall(
            mode: scope.mode, family: call.family, model: scope.upstreamModel, isStream: call.isStream,
            action: call.action)
        guard let route = state.routes.find(channel, wanted) else {
            throw .unusable(
                channel,
                "its type does not serve this call for model '\(scope.upstreamModel)', or its key or address does not fit the type"
            )
        }
        if case .unusable(let reason) = route.credential { throw .unusable(channel, reason) }
        return route
    }

    /// The request of one attempt.
    ///
    /// No header of the caller is passed on: they carry its credential, its address and its network's details.
    ///
    /// - Parameters:
    ///   - neutral: The whole request, when it was read already for a conversion.
    ///   - token: The token of the route's grant, when its credential is one.
    /// - Throws: `RelayError` when the request is malformed, or the channel lacks what the call needs.
    static func make(
        _ call: any CallerCall, neutral: InferenceRequest? = nil, over route: UpstreamRoute, token: String? = nil,
        scope: CallScope, channel: RoutedChannel, state: LoopState, timeouts: ClientTimeouts
    ) throws(RelayError) -> (ClientRequest, any Exchange) {
        var context = UpstreamContext(
            mode: scope.mode, channelType: channel.type, upstreamModel: scope.upstreamModel,
            requestedModel: scope.model, configs: channel.configs, now: Int(scope.receivedAt / 1_000_000),
            nonce: state.nonce())
        context.storedID = scope.storedID
        if VendorModes.keeping.contains(scope.mode) {
            context.sealID = scope.ids?.sealing(channel: channel.id, for: scope.caller)
        }
        let exchange: any Exchange
        do throws(InvalidRequest) {
            guard let made = try route.wire.exchange(call, neutral: neutral, context, parser: state.parser) else {
                throw InvalidRequest(
                    message: "channels of type \(channel.type.name) do not serve this endpoint", field: "model")
            }
            exchange = made
        } catch {
            throw .caller(code: .invalidRequest, message: error.message, field: error.field)
        }
        var headers = exchange.request.headers
        var url = exchange.request.address(route.url)
        switch route.credential {
        case .none: break
        case .field(let name, let value): headers.append(name, value)
        case .fields(let fields):
            for field in fields { headers.append(field.name, field.value) }
        case .signature(let key):
            guard !scope.hasMoreBody else {
                throw .ours(code: .internalError, message: "a body that is still arriving cannot be signed")
            }
            SigV4(key).sign(
                exchange.request.method, url: url, headers: &headers, body: exchange.request.bytes,
                at: scope.wallClock(.now()))
        case .token(let grant, let fields):
            guard exchange.localAnswer == nil else { break }
            guard let token else { throw .ours(code: .internalError, message: "a token is needed and was not fetched") }
            switch grant.placement {
            case .bearer: headers.append("authorization", "Bearer \(token)")
            case .query(let name):
                url += (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + name + "=" + PathText.escaped(token)
            }
            for field in fields { headers.append(field.name, field.value) }
        case .unusable(let reason): throw .unusable(channel, reason)
        }
        let upstream = ClientRequest(
            method: exchange.request.method, url: url, headers: headers,
            body: body(exchange.request, scope), timeouts: timeouts,
            proxy: channel.proxyURL, verifiesTLS: channel.verifiesTLS, poolKey: route.url)
        return (upstream, exchange)
    }

    /// The body of an attempt; what has not arrived yet of a large form follows its beginning as it comes.
    private static func body(_ request: UpstreamBody, _ scope: CallScope) -> ClientBody {
        let bytes = request.bytes
        guard scope.hasMoreBody else { return bytes.isEmpty ? .none : .bytes(bytes) }
        let upload = Upload(bytes, of: scope)
        let length = scope.request.body.declaredLength.map { $0 - scope.body.count + bytes.count }
        return .stream(length: length) { try await upload.next() }
    }

    private static let requestIDFields = [
        "x-request-id", "request-id", "x-amzn-requestid", "x-goog-request-id", "x-ds-request-id",
    ]

    /// The upstream's own id of the call, cut to 256 bytes.
    static func requestID(_ headers: HTTPHeaders) -> String? {
        for field in requestIDFields {
            if let id = headers.first(field), !id.isEmpty {
                return String(decoding: id.utf8.prefix(256), as: UTF8.self)
            }
        }
        return nil
    }

    /// `Retry-After` in seconds, or OpenAI's `retry-after-ms`; the form with a date is not used by model vendors.
    static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let text = headers.first("retry-after-ms"), let milliseconds = Double(text), milliseconds >= 0 {
            return .milliseconds(Int64(min(milliseconds, 86_400_000)))
        }
        guard let text = headers.first("retry-after"), let seconds = Double(text), seconds >= 0 else { return nil }
        return .milliseconds(Int64(min(seconds, 86_400) * 1000))
    }
}

/// A body that is still arriving: its edited beginning, then the rest as the caller sends it.
///
/// The client that sends it knows only that it broke off; why, the scope keeps.
private final class Upload: @unchecked Sendable {
    // SAFETY: confined to the loop of the request; the client asks on it.
    private var beginning: [UInt8]?
    private let scope: CallScope

    init(_ beginning: [UInt8], of scope: CallScope) {
        self.beginning = beginning
        self.scope = scope
    }

    func next() async throws -> [UInt8]? {
        if let bytes = beginning {
            beginning = nil
            return bytes
        }
        do throws(BodyError) {
            return try await scope.request.body.next()
        } catch {
            scope.bodyFault = error
            throw error
        }
    }
}
