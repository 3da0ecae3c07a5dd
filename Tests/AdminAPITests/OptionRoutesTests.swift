import HTTPCore
import JSON
import Testing

@testable import AdminAPI

@Suite("Routes of options")
struct OptionRoutesTests {
    @Test("all options are texts, with their defaults while nothing is stored")
    func all() async throws {
        try await AdminBoard.with { board async throws in
            let options = try #require(try await board.call(.get, "/api/option/").data.object)
            #expect(options.count == 25 && options.members.allSatisfy { $0.value.string != nil })
            #expect(
                options["RetryTimes"] == "0" && options["LogDetailStorageHours"] == "72" && options["NotifyNote"] == "")
        }
    }

    @Test("each way of setting one is in the next answer")
    func set() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.post, "/api/option/", #"{"key":"RetryTimes","value":"1"}"#).isDone)
            #expect(try await board.call(.get, "/api/option/RetryTimes").data["value"] == "1")
            #expect(try await board.call(.put, "/api/option", #"{"key":"RetryTimes","value":"2"}"#).isDone)
            #expect(try await board.call(.get, "/api/option/RetryTimes").data["value"] == "2")
            #expect(try await board.call(.put, "/api/option/NotifyNote", #""quoted" ü"#).isDone)
            #expect(try await board.call(.get, "/api/option/NotifyNote").data["value"] == #""quoted" ü"#)
            #expect(try await board.call(.put, "/api/option/NotifyNote", "").isDone)
            #expect(try await board.call(.get, "/api/option/").data["NotifyNote"] == "")
            #expect(try await board.call(.post, "/api/option/batch", #"{"RetryTimes":"3","Unknown":"x"}"#).isDone)
            #expect(
                try await board.call(.get, "/api/option/RetryTimes").text
                    == #"{"data":{"key":"RetryTimes","value":"3","effective":"3","source":"stored","environment":"RETRY_TIMES"},"success":true}"#
            )
        }
    }

    @Test("the environment wins over what is stored, and the answer says so")
    func overrides() async throws {
        try await AdminBoard.with(overrides: ["RetryTimes": "9"]) { board async throws in
            #expect(try await board.call(.put, "/api/option/RetryTimes", "4").isDone)
            let data = try await board.call(.get, "/api/option/RetryTimes").data
            #expect(data["value"] == "4" && data["effective"] == "9" && data["source"] == "environment")
            #expect(try await board.call(.get, "/api/option/").data["RetryTimes"] == "4")
            #expect(try await board.call(.get, "/api/option/DisableServe").data["source"] == "default")
        }
    }

    @Test("an unknown key is not found, a wrong value is refused with its reason")
    func wrong() async throws {
        try await AdminBoard.with { board async throws in
            for answer in [
                try await board.call(.get, "/api/option/Nope"),
                try await board.call(.put, "/api/option/Nope", "1"),
                try await board.call(.post, "/api/option/", #"{"key":"Nope","value":"1"}"#),
            ] {
                #expect(answer.status == 404 && answer.message == "unknown option key")
            }
            let bad = try await board.call(.put, "/api/option/RetryTimes", "-1")
            #expect(bad.status == 400 && bad.message == "retry times must be greater than 0")
            #expect(try await board.call(.post, "/api/option/", "{").status == 400)
            #expect(
                try await board.call(.post, "/api/option/", "{").headers.first("content-type")
                    == "application/json; charset=utf-8")
            #expect(
                try await board.call(.post, "/api/option/", #"{"key":"RetryTimes"}"#).message
                    == "value: missing; expected a string")
            #expect(
                try await board.call(.post, "/api/option/", #"{"key":"RetryTimes","value":1}"#).message
                    == "value: expected a string, got 1")
            #expect(try await board.call(.get, "/api/option/RetryTimes").data["source"] == "default")
        }
    }

    @Test("of a batch the right values are stored, and the wrong ones told together")
    func batch() async throws {
        try await AdminBoard.with { board async throws in
            let answer = try await board.call(
                .post, "/api/option/batch", #"{"RetryTimes":"-1","DisableServe":"true","FuzzyTokenThreshold":"-1"}"#)
            #expect(answer.status == 400)
            #expect(
                answer.message
                    == "retry times must be greater than 0\nfuzzy token threshold must be greater than or equal to 0")
            #expect(try await board.call(.get, "/api/option/DisableServe").data["value"] == "true")
            let kind = try await board.call(.post, "/api/option/batch", #"{"NotifyNote":"n","RetryTimes":1}"#)
            #expect(kind.status == 400 && kind.message == "RetryTimes: expected a string, got 1")
            #expect(try await board.call(.get, "/api/option/NotifyNote").data["value"] == "")
        }
    }
}
