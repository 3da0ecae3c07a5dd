import AdminHTTP
package import Contracts
import JSON

/// What came of testing one model of one channel.
package enum TestReport: Equatable, Sendable {
    /// A result, be it a success or an upstream's failure. `isKept` says whether the registry is told.
    case result(ChannelTest, isKept: Bool)
    /// The model cannot be probed there; no result.
    case fault(String)
    /// Models of this kind are not tested; no result.
    case untestable(String)
    /// The test was ended early.
    case ended

    /// Whether a run over a channel with this report was not without failures.
    var isFailure: Bool {
        switch self {
        case .result(let test, _): !test.isSuccess
        case .fault, .ended: true
        case .untestable: false
        }
    }
}

/// What the query says about the items of a run; a parameter counts only when it is exactly `true`.
package struct TestItemRules: Equatable, Sendable {
    /// Whether successes are items too.
    package var returnsSuccess: Bool
    /// Whether they come with the body of the answer.
    package var showsBody: Bool

    package init(returnsSuccess: Bool = false, showsBody: Bool = false) {
        self.returnsSuccess = returnsSuccess
        self.showsBody = showsBody
    }

    /// The item of a report in a run over many models (contract admin-api §4.4); `nil` when it gives none.
    ///
    /// A failed upstream is a `success` of the test; its own is in `data`.
    package func item(_ report: TestReport) -> [UInt8]? {
        switch report {
        case .result(let test, _):
            guard !test.isSuccess || returnsSuccess else { return nil }
            return AdminEnvelope.success { $0.channelTest(shown(test)) }
        case .fault(let message): return AdminEnvelope.failure(message)
        case .untestable, .ended: return nil
        }
    }

    /// The result as it is answered.
    package func shown(_ test: ChannelTest) -> ChannelTest {
        guard test.isSuccess, !showsBody else { return test }
        var test = test
        test.response = ""
        return test
    }
}
