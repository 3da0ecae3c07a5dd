import Dialects
import HTTPClient
import InferenceModel
import JSON
import Routing
import Testing

@testable import Relay

@Suite("Relay error")
struct RelayErrorTests {
    private func text(_ error: RelayError) -> String {
        String(decoding: error.openAIBody(requestID: "17000"), as: UTF8.self)
    }

    @Test("the caller's fault names the field")
    func caller() {
        let error = RelayError.caller(code: .invalidRequest, message: "'model' must be a string", field: "model")
        #expect(
            text(error)
                == #"{"error":{"message":"'model' must be a string","type":"invalid_request_error","param":"model","code":"invalid_request"}}"#
        )
        #expect(error.status == 400)
    }

    @Test("a channel is blamed for what is its own fault or that of the way to it, for nothing else")
    func health() throws {
        #expect(RelayError.caller(code: .bodyTooLarge, message: "", field: nil).health == .neutral)
        #expect(RelayError.refused(code: .clientGone, message: "").health == .neutral)
        #expect(try #require(RelayError.transport(.exhausted)).health == .neutral)
        #expect(RelayError.ours(code: .notReady, message: "").health == .neutral)
        #expect(RelayError.ours(code: .channelMisconfigured, message: "").health == .error)
        #expect(try #require(RelayError.transport(.truncated)).health == .error)
        for (status, health) in [(400, AttemptHealth.neutral), (403, .noPermission), (429, .error), (500, .error)] {
            let error = UpstreamError(status: status, message: "", type: "")
            #expect(RelayError.upstream(error, code: .upstreamStatus).health == health)
        }
    }

    @Test("a refusal and a fault of ours have their type")
    func others() {
        #expect(
            text(.refused(code: .invalidKey, message: "no"))
                == #"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#)
        #expect(
            text(.ours(code: .notReady, message: "wait"))
                == #"{"error":{"message":"wait","type":"server_error","param":null,"code":"not_ready"}}"#)
    }

    @Test("an upstream's error keeps its members and gets the request id")
    func upstream() {
        let error = UpstreamError(status: 429, message: "slow down", type: "rate", code: .string("r"), param: .null)
        #expect(
            text(.upstream(error, code: .upstreamStatus))
                == #"{"error":{"message":"slow down","type":"rate","param":null,"code":"r"},"aiproxy":"17000"}"#)
    }

    @Test(
        "faults on the way have the right status",
        arguments: [
            (HTTPClientError.resolve("x"), 502, RelayError.Code.upstreamUnreachable),
            (.connect("x"), 502, .upstreamUnreachable),
            (.tls("x"), 502, .upstreamUnreachable), (.timedOut(.connect), 504, .upstreamTimeout),
            (.timedOut(.firstByte), 504, .upstreamTimeout), (.timedOut(.idle), 504, .upstreamTimeout),
            (.timedOut(.total), 504, .upstreamTimeout), (.reset("x"), 502, .upstreamLost),
            (.truncated, 502, .upstreamLost),
            (.tooLarge(limit: 1), 502, .upstreamBadAnswer), (.malformed("x"), 502, .upstreamBadAnswer),
            (.invalidRequest("x"), 502, .channelMisconfigured), (.exhausted, 503, .overloaded),
        ])
    func transport(error: HTTPClientError, status: Int, code: RelayError.Code) throws {
        let mapped = try #require(RelayError.transport(error))
        #expect(mapped.status == status && mapped.code == code)
        #expect(!mapped.message.contains("x:"), "texts of the client stay in the log")
    }

    @Test("our own cancellation is no error of the upstream")
    func cancelled() {
        #expect(RelayError.transport(.cancelled) == nil)
    }
}
