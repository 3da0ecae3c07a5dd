package import Contracts
import FoundationEssentials
package import HTTPCore
package import HTTPServer
package import Telemetry

extension Router {
    /// Serves an internal route: reads the typed input, answers the typed output.
    ///
    /// A wrong key is answered with 401 before the body is read; a body that is not `Input` with 400 and the path of what is wrong; a `Fault`
    /// that `body` throws with the status of its code; any other error with 500, and it is logged. Every such answer is a `Fault` in JSON.
    ///
    /// - Parameters:
    ///   - endpoint: what is served; a `GET` has no body, its input is read from `{}`.
    ///   - key: the shared secret of the services.
    ///   - logger: hears of errors that nobody foresaw.
    ///   - maxBodyBytes: the largest body that is taken.
    package mutating func serve<Input: Decodable & Sendable, Output: Encodable & Sendable>(
        _ endpoint: Endpoint<Input, Output>, key: Redacted<String>, logger: Logger, maxBodyBytes: Int = 1024 * 1024,
        _ body: @escaping @Sendable (Input, ServerRequest) async throws -> Output
    ) {
        serveEncoded(endpoint, key: key, logger: logger, maxBodyBytes: maxBodyBytes) { input, request in
            Array(try JSONEncoder().encode(try await body(input, request)))
        }
    }

    /// As `serve`, for an output that is at hand as JSON already, so that a large one is not encoded anew for every peer or not on the loop.
    package mutating func serveEncoded<Input: Decodable & Sendable, Output: Sendable>(
        _ endpoint: Endpoint<Input, Output>, key: Redacted<String>, logger: Logger, maxBodyBytes: Int = 1024 * 1024,
        _ body: @escaping @Sendable (Input, ServerRequest) async throws -> [UInt8]
    ) {
        let hasBody = endpoint.method != .get
        serveBytes(
            HTTPMethod(endpoint.method.rawValue), endpoint.path, key: key, logger: logger, maxBodyBytes: maxBodyBytes
        ) { bytes, request in
            let input: Input
            do {
                input = try JSONDecoder().decode(Input.self, from: Data(hasBody ? bytes : Array("{}".utf8)))
            } catch {
                throw Fault(.malformed, DecodingFault.describe(error))
            }
            return try await body(input, request)
        }
    }

    /// Serves an internal route whose body is not JSON: gives its bytes, answers the JSON that comes back. Faults as in `serve`.
    package mutating func serveBytes(
        _ method: HTTPMethod, _ path: String, key: Redacted<String>, logger: Logger, maxBodyBytes: Int,
        _ body: @escaping @Sendable ([UInt8], ServerRequest) async throws -> [UInt8]
    ) {
        let auth = PeerAuth(key: key)
        on(method, path) { request, response in
            do {
                guard auth.admits(request.head.headers) else {
                    throw Fault(.unauthorized, "the internal key is missing or wrong")
                }
                let answer = try await body(try await request.body.collect(upTo: maxBodyBytes), request)
                try response.respond(.ok, ["content-type": "application/json"], answer)
            } catch let error as WriteError {
                // The peer left; there is nobody to tell.
                throw error
            } catch let error as BodyError {
                guard case .tooLarge(let limit) = error else { throw error }
                try response.refuse(Fault(.tooLarge, "the body has more than \(limit) bytes"))
            } catch let fault as Fault {
                try response.refuse(fault)
            } catch {
                guard !response.isClosed else { return }
                logger.error("an internal route failed", ["path": .string(path), "error": .string("\(error)")])
                try response.refuse(Fault(.failed, "the call could not be handled"))
            }
        }
    }
}

extension ResponseWriter {
    /// Answers a fault with the status of its code.
    ///
    /// - Throws: when the head was sent already or the peer left, or when the fault cannot be encoded.
    package func refuse(_ fault: Fault) throws {
        try respond(fault.status, ["content-type": "application/json"], Array(try JSONEncoder().encode(fault)))
    }
}
