package import Contracts

/// The records of a shipment's body, and what was wrong with the lines that are none.
package struct ShipmentBody: Sendable {
    /// The records in the order of their lines.
    package private(set) var records: [CallRecord] = []
    /// How many lines were no record.
    package private(set) var rejected = 0
    /// What was wrong with the first of them; without any text of the line.
    package private(set) var firstFault: String?

    /// Reads the lines of a body. An empty line is none; `\r\n` ends a line as `\n` does; the last line needs no end.
    package init(_ body: [UInt8]) {
        var line = RecordLine()
        var start = 0
        var number = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: UInt8(ascii: "\n")) ?? body.count
            number += 1
            let range = trimmed(body, start..<end)
            if !range.isEmpty {
                do throws(RecordLineFault) {
                    records.append(try line.record(in: body, at: range))
                } catch {
                    rejected += 1
                    if firstFault == nil { firstFault = "line \(number): \(error.description)" }
                }
            }
            start = end + 1
        }
    }

    private func trimmed(_ body: [UInt8], _ range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty, body[range.upperBound - 1] == UInt8(ascii: "\r") else { return range }
        return range.lowerBound..<range.upperBound - 1
    }
}
