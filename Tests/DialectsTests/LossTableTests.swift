import Foundation
import InferenceModel
import Testing

@Suite("Loss table")
struct LossTableTests {
    @Test("the document in the repository is what the table says")
    func document() throws {
        let path = GoldenCase.repository + "/Services/gateway/Dialects/LOSSES.md"
        let text = LossTable.document
        if GoldenCase.isWriting { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "run with GOLDEN=write to write it anew")
    }

    @Test("no feature has two rows for one target, and no row says what is said without it")
    func rows() {
        var seen: Set<String> = []
        for row in LossTable.rows {
            #expect(seen.insert("\(row.feature) \(row.target)").inserted, "\(row.feature) has two rows")
            #expect(row.effect != .kept, "\(row.feature) is kept, which needs no row")
        }
    }
}
