import Configuration
import Telemetry
import Testing

@testable import ServiceKit

@Suite("ServiceKit: settings")
struct ServiceConfigTests {
    @Test(
        "addresses are read in their three forms",
        arguments: [
            ("127.0.0.1:3000", "127.0.0.1", 3000), ("[::1]:8080", "::1", 8080), (":3000", "0.0.0.0", 3000),
            ("localhost:0", "localhost", 0),
            ("[::]:65535", "::", 65535),
        ] as [(String, String, UInt16)])
    func listen(text: String, host: String, port: UInt16) throws {
        let address = try #require(ListenAddress(text))
        #expect(address == ListenAddress(host: host, port: port))
        #expect(ListenAddress(address.description) == address)
    }

    @Test(
        "other texts are no address",
        arguments: [
            "", "3000", ":", "a:", "a:b", "a:70000", "a:-1", "a:+1", "::1:80", "[::1]", "[a]:1", "[::1:80",
            "http://a:80", "a b:1", "a:1 ",
        ])
    func notAnAddress(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    func config(_ environment: [String: String]) throws -> ServiceConfig {
        var reader = ConfigReader(arguments: [], environment: environment)
        let config = ServiceConfig(&reader, listen: ListenAddress(host: "127.0.0.1", port: 3001))
        try reader.finish()
        return config
    }

    @Test("without settings the defaults hold")
    func defaults() throws {
        let config = try config([:])
        #expect(config.listen.description == "127.0.0.1:3001")
        #expect(config.logLevel == .info)
        #expect(config.drain == .seconds(30))
        #expect(config.loops == ServiceConfig.processors)
        #expect(config.loops >= 1)
    }

    @Test("settings are taken from their variables")
    func given() throws {
        let config = try config(["LISTEN": ":80", "LOG_LEVEL": "Debug", "DRAIN_SECONDS": "5", "LOOPS": "3"])
        #expect(config.listen == ListenAddress(host: "0.0.0.0", port: 80))
        #expect(config.logLevel == .debug)
        #expect(config.drain == .seconds(5))
        #expect(config.loops == 3)
    }

    @Test("wrong settings are named, all of them")
    func wrong() {
        do {
            _ = try config(["LISTEN": "3000", "LOG_LEVEL": "loud", "DRAIN_SECONDS": "2h", "LOOPS": "0"])
            Issue.record("wrong settings were accepted")
        } catch {
            #expect(
                (error as? ConfigErrors)?.problems.map(\.name) == ["LISTEN", "LOG_LEVEL", "DRAIN_SECONDS", "LOOPS"])
        }
    }

    @Test("processors are counted in the mask of the process")
    func processors() {
        #expect(ServiceConfig.allowedProcessors("Name:\tx\nCpus_allowed:\tff,00000003\nCpus_allowed_list:\t0\n") == 10)
        #expect(ServiceConfig.allowedProcessors("Name:\tx\n") == nil)
    }
}
