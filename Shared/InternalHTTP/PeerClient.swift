package import Contracts
package import EventLoop
import FoundationEssentials
package import HTTPClient
package import HTTPCore
package import Telemetry

/// What a peer answered.
package struct PeerAnswer: Sendable {
    /// The status.
    package let status: Int
    /// The headers as received.
    package let headers: HTTPHeaders
    /// The whole body.
    package let body: [UInt8]
}

/// Calls the internal routes of one other service. Any task may call; the work is done on a loop.
package final class PeerClient: Sendable {
    private let baseURL: String
    private let key: Redacted<String>
    private let clients: HTTPClientGroup
    private let loops: EventLoopGroup
    private let logger: Logger

    /// A client of the service at `baseURL`.
    ///
    /// - Parameters:
    ///   - baseURL: scheme, host and port, with or without a slash at the end.
    ///   - key: the shared secret of the services.
    ///   - clients: the HTTP clients, one per loop of `loops`.
    ///   - loops: the loops on which calls run; a caller that runs on one of them stays there.
    ///   - logger: hears of every failed call at debug level; what a failure means is the caller's to say.
    package init(
        baseURL: String, key: Redacted<String>, clients: HTTPClientGroup, loops: EventLoopGroup, logger: Logger
    ) {
        var base = Substring(baseURL)
        while base.hasSuffix("/") { base = base.dropLast() }
        self.baseURL = String(base)
        self.key = key
        self.clients = clients
        self.loops = loops
        self.logger = logger
    }

    /// Calls a route and waits for its value.
    ///
    /// - Parameters:
    ///   - timeout: for the whole call, the peer's own waiting included.
    ///   - maxAnswerBytes: the largest answer that is taken.
    /// - Throws: why there is no value.
    package func call<Input: Encodable & Sendable, Output: Decodable & Sendable>(
        _ endpoint: Endpoint<Input, Output>, _ input: Input, timeout: Duration, maxAnswerBytes: Int = 16 * 1024 * 1024
    ) async throws(PeerError) -> Output {
        let answer = try await callEncoded(endpoint, input, timeout: timeout, maxAnswerBytes: maxAnswerBytes)
        do {
            return try JSONDecoder().decode(Output.self, from: Data(answer.body))
        } catch {
            throw .unexpected(status: answer.status, DecodingFault.describe(error))
        }
    }

    /// As `call`, for a caller that reads the JSON of the answer itself.
    package func callEncoded<Input: Encodable & Sendable, Output>(
        _ endpoint: Endpoint<Input, Output>, _ input: Input, timeout: Duration, maxAnswerBytes: Int = 16 * 1024 * 1024
    ) async throws(PeerError) -> PeerAnswer {
        var body: [UInt8] = []
        if endpoint.method != .get {
            do {
                body = Array(try JSONEncoder().encode(input))
            } catch {
                throw .encoding("\(error)")
            }
        }
        return try await send(
            HTTPMethod(endpoint.method.rawValue), path: endpoint.path, body: body, contentType: "application/json",
            timeout: timeout, maxAnswerBytes: maxAnswerBytes)
    }

    /// Sends bytes to a path and waits for an answer with a 2xx status.
    ///
    /// - Parameter headers: sent besides the key and the content type.
    /// - Throws: why there is none; `.fault` when the peer said so itself.
    package func send(
        _ method: HTTPMethod = .post, path: String, body: [UInt8], contentType: String,
        headers: HTTPHeaders = HTTPHeaders(), timeout: Duration, maxAnswerBytes: Int = 1024 * 1024
    ) async throws(PeerError) -> PeerAnswer {
        var headers = headers
        headers.replace(InternalAuth.header, key.reveal)
        if !body.isEmpty { headers.replace("content-type", contentType) }
        let request = ClientRequest(
            method: method, url: baseURL + path, headers: headers, body: body.isEmpty ? .none : .bytes(body),
            timeouts: ClientTimeouts(connect: min(timeout, .seconds(5)), firstByte: nil, idle: nil, total: timeout),
            poolKey: baseURL)
        let answer: PeerAnswer
        do throws(HTTPClientError) {
            answer = try await perform(request, maxAnswerBytes)
        } catch {
            logger.debug("a peer gave no answer", ["path": .string(path), "error": .string("\(error)")])
            throw .transport(error)
        }
        guard (200..<300).contains(answer.status) else {
            let error = Self.refusal(answer)
            logger.debug("a peer refused a call", ["path": .string(path), "error": .string("\(error)")])
            throw error
        }
        return answer
    }

    private func perform(
        _ request: ClientRequest, _ maxAnswerBytes: Int
    ) async throws(HTTPClientError) -> PeerAnswer {
        if let loop = EventLoop.current, loops.loops.indices.contains(loop.index), loops.loops[loop.index] === loop {
            return try await perform(request, maxAnswerBytes, on: loop)
        }
        let loop = loops.next()
        return try await withTaskExecutorPreference(loop) { @concurrent () async throws(HTTPClientError) in
            try await self.perform(request, maxAnswerBytes, on: loop)
        }
    }

    private func perform(
        _ request: ClientRequest, _ maxAnswerBytes: Int, on loop: EventLoop
    ) async throws(HTTPClientError) -> PeerAnswer {
        let response = try await clients.client(on: loop).begin(request).response()
        return PeerAnswer(
            status: response.status, headers: response.headers, body: try await response.collect(upTo: maxAnswerBytes))
    }

    private static func refusal(_ answer: PeerAnswer) -> PeerError {
        let seconds = answer.headers.first("retry-after").flatMap { Int64($0) }
        do {
            let fault = try JSONDecoder().decode(Fault.self, from: Data(answer.body))
            return .fault(fault, status: answer.status, retryAfter: seconds.map { .seconds(max(0, min($0, 3600))) })
        } catch {
            return .unexpected(status: answer.status, "the answer is no fault of a peer")
        }
    }
}
