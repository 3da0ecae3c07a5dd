import Testing

@testable import LogAPI

@Suite struct ChartGapsTests {
    @Test(
        "zeros stand at the ends, in short gaps everywhere and in long gaps beside the calls",
        arguments: [
            ([], Array(0...9), []),
            ([3], [3], [3]),
            ([0, 1, 2], [0, 1, 2], [0, 1, 2]),
            ([0, 2, 5], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]),
            ([0, 4], [0, 1, 2, 3, 4], [0, 1, 3, 4]),
            ([5], Array(0...10), [0, 4, 5, 6, 10]),
            ([2], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]),
            ([-1, 8], Array(0...9), [-1, 0, 7, 8, 9]),
        ] as [([Int64], [Int64], [Int64])])
    func filled(_ points: [Int64], _ slots: [Int64], _ expected: [Int64]) {
        #expect(ChartGaps.filled(points, slots: slots) == expected)
    }
}
