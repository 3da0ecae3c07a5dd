import InferenceModel
import Testing

@testable import Dialects

private let type = "multipart/form-data; boundary=XX"

private func form(_ text: String) -> [UInt8] {
    Array(text.replacing("\n", with: "\r\n").utf8)
}

private let speech = form(
    """
    --XX
    Content-Disposition: form-data; name="model"

    whisper-1
    --XX
    Content-Disposition: form-data; name="file"; filename="a \\"b\\".mp3"
    Content-Type: audio/mpeg

    ID3
    --X
    --XY not a delimiter
    --XX
    Content-Disposition: form-data; name="language"


    --XX--

    """)

private func read(_ bytes: [UInt8], _ contentType: String = type) throws -> FormReader {
    var reader = try FormReader(contentType: contentType)
    try reader.read(bytes)
    return reader
}

@Suite("Form reader")
struct FormReaderTests {
    @Test("parts are found with their names, files and values; look-alikes of the delimiter belong to the value")
    func parts() throws {
        let reader = try read(speech)
        #expect(reader.isComplete)
        #expect(reader.parts.map(\.name) == ["model", "file", "language"])
        #expect(reader.text("model", in: speech) == "whisper-1")
        #expect(reader.parts[1].fileName == "a \"b\".mp3" && reader.parts[1].contentType == "audio/mpeg")
        let value = try #require(reader.parts[1].value)
        #expect(String(decoding: speech[value], as: UTF8.self) == "ID3\r\n--X\r\n--XY not a delimiter")
        #expect(reader.text("language", in: speech) == "" && reader.text("file", in: speech) == nil)
    }

    @Test("bytes that arrive in two pieces, cut anywhere, or one by one, give the same parts")
    func splits() throws {
        let whole = try read(speech).parts
        for cut in 1..<speech.count {
            var reader = try FormReader(contentType: type)
            try reader.read(Array(speech[..<cut]))
            try reader.read(speech)
            #expect(reader.isComplete && reader.parts == whole, "cut at \(cut)")
        }
        var reader = try FormReader(contentType: type)
        for end in 1...speech.count { try reader.read(Array(speech[..<end])) }
        #expect(reader.isComplete && reader.parts == whole)
    }

    @Test("a value that is still arriving has no text yet")
    func arriving() throws {
        let cut = speech.count(of: "whisper-1") + 3
        #expect(try read(Array(speech[..<cut])).text("model", in: Array(speech[..<cut])) == nil)
    }

    @Test(
        "what is no form is refused",
        arguments: [nil, "application/json", "multipart/form-data", "multipart/form-data; boundary="])
    func types(contentType: String?) throws {
        #expect(throws: InvalidRequest.self) { try FormReader(contentType: contentType) }
    }

    @Test("a quoted boundary with a semicolon is read")
    func boundary() throws {
        let bytes = form("--a;b\nContent-Disposition: form-data; name=model\n\nm\n--a;b--\n")
        let reader = try read(bytes, #"multipart/form-data; charset=utf-8; boundary="a;b""#)
        #expect(reader.text("model", in: bytes) == "m")
    }

    @Test("endless header fields, broken delimiters and too many parts are refused")
    func hostile() throws {
        #expect(throws: InvalidRequest.self) { try read(form("--XX\nA: " + String(repeating: "b", count: 9000))) }
        #expect(throws: InvalidRequest.self) { try read(form("--XXzz\n")) }
        #expect(throws: InvalidRequest.self) { try read(form("--XX\nno colon\n\nv\n--XX--")) }
        let many = String(repeating: "--XX\nContent-Disposition: form-data; name=\"a\"\n\nv\n", count: 129)
        #expect(throws: InvalidRequest.self) { try read(form(many)) }
    }

    @Test("a body that never ends is not complete")
    func cut() throws {
        #expect(try !read(Array(speech.dropLast(6))).isComplete)
        #expect(try !read([]).isComplete)
    }
}

extension [UInt8] {
    /// Where a text starts.
    fileprivate func count(of text: String) -> Int {
        FormReader.find(Array(text.utf8), in: self, from: 0) ?? 0
    }
}
