import JSON
import Testing

@testable import AdminHTTP

@Suite struct AdminEnvelopeTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("a success carries its data, a failure its message, and both say which they are")
    func envelopes() {
        #expect(text(AdminEnvelope.success { $0.array { $0.int(1) } }) == #"{"data":[1],"success":true}"#)
        #expect(text(AdminEnvelope.failure("no \"x\"")) == #"{"message":"no \"x\"","success":false}"#)
        #expect(text(AdminEnvelope.empty) == #"{"success":true}"#)
    }
}
