import HTTPCore
import Testing

@Suite struct HTTPHeadersTests {
    @Test("fields keep their order and duplicates, names are compared without case")
    func order() {
        var headers: HTTPHeaders = ["B": "1", "a": "2"]
        headers.append("b", "3")
        #expect(headers.count == 3)
        #expect(headers.first("b") == "1")
        #expect(headers.all("B") == ["1", "3"])
        #expect(headers.contains("A"))
        #expect(!headers.contains("aa"))
        var names: [String] = []
        headers.forEach { name, _ in names.append(name) }
        #expect(names == ["B", "a", "b"])
    }

    @Test("replace leaves one field, remove none")
    func replace() {
        var headers: HTTPHeaders = ["x": "1", "y": "2", "X": "3"]
        headers.replace("x", "4")
        #expect(headers.all("x") == ["4"])
        #expect(headers.count == 2)
        headers.remove("Y")
        #expect(headers == ["x": "4"])
        headers.remove("x")
        #expect(headers.isEmpty)
    }

    @Test("a value cannot break out of its line, a bad name is not stored")
    func injection() {
        var headers = HTTPHeaders()
        headers.append("x", "a\r\nset-cookie: b\0")
        headers.append("bad name", "1")
        headers.append("bad\r\nname", "1")
        headers.append("", "1")
        #expect(headers.count == 1)
        var bytes: [UInt8] = []
        headers.serialize(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "x: a  set-cookie: b \r\n")
    }

    @Test("tokens are found in lists without case")
    func tokens() {
        let headers: HTTPHeaders = ["connection": "TE , Keep-Alive,", "connection": "x"]
        #expect(headers.containsToken("Connection", "keep-alive"))
        #expect(headers.containsToken("Connection", "X"))
        #expect(!headers.containsToken("Connection", "keep"))
        #expect(!headers.containsToken("other", "x"))
    }

    @Test("equality looks at fields, not at how they are stored")
    func equality() {
        var edited: HTTPHeaders = ["drop": "1", "A": "2"]
        edited.remove("drop")
        #expect(edited == ["a": "2"])
        #expect(edited != ["a": "3"])
        #expect(edited != ["a": "2", "a": "2"])
    }

    @Test("raw bytes are handed out without strings")
    func raw() {
        let headers: HTTPHeaders = ["x": "abc"]
        #expect(headers.withFirst("X") { $0.count } == 3)
        #expect(headers.withFirst("y") { $0.count } == nil)
        var total = 0
        headers.forEachBytes { name, value in total += name.count + value.count }
        #expect(total == 4)
    }

    @Test("the description shows no value")
    func description() {
        #expect("\(["authorization": "Bearer secret"] as HTTPHeaders)" == "HTTPHeaders(authorization)")
    }
}
