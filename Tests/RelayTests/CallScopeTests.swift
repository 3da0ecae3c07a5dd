import HTTPClient
import HTTPCore
import Testing

@testable import Relay

@Suite("Call scope")
struct CallScopeTests {
    @Test("text is cut between characters and marked")
    func cut() {
        let (whole, isWholeCut) = CallScope.text(Array("Grüße".utf8), limit: 100)
        #expect(whole == "Grüße" && !isWholeCut)
        let euros = [UInt8](String(repeating: "€", count: 10).utf8)
        for limit in 3..<30 {
            let (text, isCut) = CallScope.text(euros, limit: limit)
            #expect(isCut && text.utf8.count <= limit && text.hasSuffix("..."))
            #expect(text.dropLast(3).allSatisfy { $0 == "€" })
        }
    }

    @Test("bytes that are no text become replacement characters and lose nothing else")
    func invalid() {
        #expect(CallScope.text([65, 0xFF, 66], limit: 10).text == "A\u{FFFD}B")
    }
}

@Suite("Request id")
struct RequestIDTests {
    @Test("ids begin with the arrival, have 22 digits and differ within one microsecond")
    func form() {
        let source = RequestIDSource(seed: 7)
        let ids = (0..<100).map { _ in source.next(arrival: 1_782_711_199_004_512) }
        #expect(Set(ids).count == 100)
        for id in ids {
            #expect(id.hasPrefix("1782711199004512") && id.count == 22 && id.allSatisfy(\.isNumber))
        }
    }

    @Test("two processes differ")
    func processes() {
        #expect(RequestIDSource(seed: 1).next(arrival: 1) != RequestIDSource(seed: 2).next(arrival: 1))
    }
}

@Suite("Upstream request")
struct UpstreamRequestTests {
    @Test("Retry-After is read in seconds and in OpenAI's milliseconds")
    func retryAfter() {
        #expect(UpstreamRequest.retryAfter(["retry-after": "2"]) == .seconds(2))
        #expect(UpstreamRequest.retryAfter(["retry-after": "9", "retry-after-ms": "1500"]) == .milliseconds(1500))
        #expect(UpstreamRequest.retryAfter(["retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"]) == nil)
        #expect(UpstreamRequest.retryAfter(["retry-after": "-1"]) == nil)
        #expect(UpstreamRequest.retryAfter(["retry-after": "1e300"]) == .seconds(86_400))
        #expect(UpstreamRequest.retryAfter(["retry-after": "nan"]) == nil)
    }

    @Test("the upstream's id is taken from any of the known fields and bounded")
    func requestID() {
        #expect(UpstreamRequest.requestID(["request-id": "a"]) == "a")
        #expect(UpstreamRequest.requestID(["x-request-id": "", "x-amzn-requestid": "b"]) == "b")
        #expect(UpstreamRequest.requestID(["x-request-id": String(repeating: "x", count: 999)])?.count == 256)
        #expect(UpstreamRequest.requestID([:]) == nil)
    }
}

@Suite("Stranger bound")
struct StrangerBoundTests {
    @Test("twenty a second are kept")
    func bound() {
        let bound = StrangerBound()
        #expect((0..<50).filter { _ in bound.admit(atSecond: 5) }.count == 20)
        #expect(bound.admit(atSecond: 6))
    }
}
