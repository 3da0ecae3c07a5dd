import Contracts
import Testing

@testable import Routing

@Suite("Detail terms")
struct DetailTermsTests {
    @Test(
        "0 is as much as is ever kept, below 0 nothing, nothing said 8 KiB",
        arguments: [(nil, 8_192), (0, 524_288), (-1, 0), (100, 100), (9_999_999, 524_288)])
    func limits(set: Int?, limit: Int) {
        #expect(DetailTerms(requestBytes: set).requestLimit == limit)
        #expect(DetailTerms(responseBytes: set).responseLimit == limit)
    }

    @Test("what the environment says wins over the options of the snapshot")
    func precedence() {
        let options = [
            "SaveAllLogDetail": "true", "LogDetailRequestBodyMaxSize": "10", "LogDetailResponseBodyMaxSize": "-1",
        ]
        let table = RoutingTable(
            Snapshot(epoch: "e", revision: 1, isWhole: true, options: options), openKey: { _ in nil })
        #expect(table.details == DetailTerms(savesAll: true, requestBytes: 10, responseBytes: -1))
        #expect(
            DetailTerms(savesAll: false, responseBytes: 7).over(table.details)
                == DetailTerms(savesAll: false, requestBytes: 10, responseBytes: 7))
        let none = RoutingTable(Snapshot(epoch: "e", revision: 1, isWhole: true), openKey: { _ in nil }).details
        #expect(none == DetailTerms() && !none.keepsGood)
    }
}
