/// The command line.
struct Options {
    enum Mode: String {
        case latency
        case streams
    }

    static let usage = """
        usage: load-client latency|streams --port PORT [--host 127.0.0.1] [--path /v1/chat/completions] [--key KEY] [--body JSON]
                 [--requests 2000] [--warmup 200]                          latency: calls one after the other on one connection
                 [--streams 1000] [--ramp 2] [--seconds 10]                streams: open at once, opened within RAMP, measured for SECONDS
                 [--last TEXT]                                         streams: what stands in the last event ([DONE])
                 [--watch NAME=PID+PID...]...                              processes whose CPU time and memory are reported
               load-client tenants --groups N --tokens N                   writes a psql script that fills a registry; SECRETS_KEY in the environment

        """

    var mode = Mode.latency
    var host = "127.0.0.1"
    var port: UInt16 = 0
    var path = "/v1/chat/completions"
    var key = ""
    var body = "{}"
    var requests = 2000
    var warmup = 200
    var streams = 1000
    var ramp = 2.0
    var seconds = 10.0
    /// What the last event of a stream holds; empty where the protocol has no such mark.
    var last = "data: [DONE]"
    var watched: [Watched] = []

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        guard let mode = rest.popFirst().flatMap(Mode.init(rawValue:)) else {
            throw LoadError.argument("latency, streams or tenants?")
        }
        self.mode = mode
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { throw LoadError.argument("\(name) needs a value") }
            switch name {
            case "--host": host = value
            case "--port": port = try Self.number(name, value)
            case "--path": path = value
            case "--key": key = value
            case "--body": body = value
            case "--requests": requests = try Self.number(name, value)
            case "--warmup": warmup = try Self.number(name, value)
            case "--streams": streams = try Self.number(name, value)
            case "--ramp": ramp = try Self.number(name, value)
            case "--seconds": seconds = try Self.number(name, value)
            case "--last": last = value
            case "--watch": watched.append(try Watched(value))
            default: throw LoadError.argument("unknown argument \(name)")
            }
        }
        guard port > 0 else { throw LoadError.argument("--port is missing") }
    }

    /// The bytes of one request.
    var request: [UInt8] {
        let authorization = key.isEmpty ? "" : "Authorization: Bearer \(key)\r\n"
        return Array(
            ("POST \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n\(authorization)Content-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
    }

    private static func number<Number: LosslessStringConvertible>(_ name: String, _ text: String) throws -> Number {
        guard let value = Number(text) else { throw LoadError.argument("\(name) \(text) is not a number in range") }
        return value
    }
}
