import Glibc
import Telemetry
import Testing

@Suite("Telemetry: where lines go")
struct LogSinkTests {
    /// A pipe whose write end never blocks the test for long.
    struct Pipe {
        let reader: Int32
        let writer: Int32

        /// `F_SETPIPE_SZ`, which the Glibc module does not show.
        private static let setPipeSize: Int32 = 1031

        init(capacity: Int32? = nil) {
            var ends: [Int32] = [0, 0]
            precondition(unsafe pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
            if let capacity { precondition(fcntl(writer, Self.setPipeSize, capacity) >= capacity) }
        }

        /// Reads until `count` bytes came, or the pipe is closed.
        func read(count: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while bytes.count < count {
                let got = unsafe Glibc.read(reader, &chunk, min(chunk.count, count - bytes.count))
                guard got > 0 else { break }
                bytes.append(contentsOf: chunk[..<got])
            }
            return bytes
        }

        func close() {
            Glibc.close(reader)
            Glibc.close(writer)
        }
    }

    @Test("the plain sink writes each line at once")
    func plain() {
        let pipe = Pipe()
        defer { pipe.close() }
        DescriptorSink(descriptor: pipe.writer).write(Array("one\n".utf8))
        #expect(pipe.read(count: 4) == Array("one\n".utf8))
    }

    @Test("the buffered sink keeps the order of lines and a flush waits for all of them")
    func order() {
        let pipe = Pipe(capacity: 1 << 20)
        defer { pipe.close() }
        let sink = BufferedSink(descriptor: pipe.writer)
        let lines = (0..<5000).map { "line \($0)\n" }
        for line in lines { sink.write(Array(line.utf8)) }
        sink.flush()
        let expected = Array(lines.joined().utf8)
        #expect(pipe.read(count: expected.count) == expected)
        #expect(sink.droppedLines == 0)
    }

    @Test("lines are written without a flush")
    func background() {
        let pipe = Pipe()
        defer { pipe.close() }
        let sink = BufferedSink(descriptor: pipe.writer)
        for line in ["a\n", "b\n"] {
            sink.write(Array(line.utf8))
            #expect(pipe.read(count: 2) == Array(line.utf8))
        }
    }

    @Test("a reader that stands still costs lines, not time or memory, and the loss is logged when it goes on")
    func bound() {
        let pipe = Pipe(capacity: 4096)
        defer { pipe.close() }
        let sink = BufferedSink(descriptor: pipe.writer, capacity: 64 * 1024)
        let line = Array((String(repeating: "x", count: 1023) + "\n").utf8)
        for _ in 0..<1000 { sink.write(line) }
        let dropped = sink.droppedLines
        #expect(dropped > 0)
        #expect(dropped < 1000)
        let kept = pipe.read(count: (1000 - dropped) * 1024)
        #expect(kept.count == (1000 - dropped) * 1024)
        sink.write(Array("after\n".utf8))
        var rest = ""
        while !rest.contains("\"lines\":\(dropped)}\n") || !rest.contains("after\n") {
            let more = pipe.read(count: 1)
            guard !more.isEmpty else { break }
            rest += String(decoding: more, as: UTF8.self)
        }
        #expect(rest.contains("log lines dropped"))
    }
}
