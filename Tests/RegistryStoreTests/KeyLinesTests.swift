import Testing

@testable import RegistryStore

@Suite("Keys of a creating body")
struct KeyLinesTests {
    @Test("each line that is not empty is a key of its own, trimmed")
    func lines() {
        #expect(KeyLines.split("one\ntwo") == ["one", "two"])
        #expect(KeyLines.split("  one \r\n\r\n\t two\n\n") == ["one", "two"])
        #expect(KeyLines.split("one") == ["one"])
    }

    @Test("no line at all is one empty key")
    func empty() {
        #expect(KeyLines.split("") == [""])
        #expect(KeyLines.split(" \n \n") == [""])
    }

    @Test("a key that begins with a brace is kept whole")
    func json() {
        let key = "{\n  \"project_id\": \"p\",\n\n  \"x\": \"}\"\n}"
        #expect(KeyLines.split(key) == [key])
        #expect(KeyLines.split("\n\(key)\n") == [key])
        #expect(KeyLines.split("{never closed\nline") == ["{never closed\nline"])
    }

    @Test("a JSON object behind a region spans lines up to its closing brace, braces in strings left aside")
    func region() {
        let first = "us-east5|{\n\"project_id\": \"a{\\\"}\"\n}"
        #expect(
            KeyLines.split("\(first)\neurope-west1|{\"a\":{}}\nplain|key") == [
                first, "europe-west1|{\"a\":{}}", "plain|key",
            ])
        #expect(KeyLines.split("r|{\nnever closed") == ["r|{\nnever closed"])
    }
}
