import AdminHTTP
import JSON
import ModelCatalogue
import RegistryStore
import Testing

@testable import AdminAPI

@Suite("Prices")
struct PriceBodyTests {
    private func read(_ price: String) throws -> String {
        try PriceBody.read(BodyFields(body: Array(#"{"price":\#(price)}"#.utf8)))
    }

    private func fault(_ price: String) -> String? {
        do {
            _ = try read(price)
            return nil
        } catch let failure as AdminFailure {
            return failure.message
        } catch {
            return "\(error)"
        }
    }

    private func conditions(_ conditions: String...) -> String {
        let rows = conditions.map { #"{"condition":\#($0),"price":{"input_price":1}}"# }
        return #"{"conditional_prices":[\#(rows.joined(separator: ","))]}"#
    }

    @Test("known members stay as they were written; zeros and unknown ones are left out")
    func normal() throws {
        #expect(try read("null") == "{}")
        #expect(
            try read(
                #"{"output_price":0,"x":1,"input_price":1.50,"input_price_unit":1000000,"per_request_price":2e-3}"#)
                == #"{"per_request_price":2e-3,"input_price":1.50,"input_price_unit":1000000}"#)
        #expect(
            try read(
                #"{"conditional_prices":[{"price":{"web_search_price":1,"web_search_price_unit":1}},{"condition":{"output_audio":false,"quality":["hd"]},"price":{}}]}"#
            )
                == #"{"conditional_prices":[{"condition":{},"price":{"web_search_price":1,"web_search_price_unit":1}},{"condition":{"quality":["hd"],"output_audio":false},"price":{}}]}"#
        )
    }

    @Test("every built-in model has a config that could be stored as it is")
    func catalogue() throws {
        for model in ModelCatalogue.models {
            var config = ModelConfig(model)
            var json = JSONWriter()
            json.modelConfig(config)
            var read = try ModelConfigBody.read(BodyFields(body: json.bytes))
            // Members may stand in another order.
            #expect(
                try JSONValue.parse(Array(read.price.utf8)) == JSONValue.parse(Array(config.price.utf8)),
                "\(model.name)")
            read.price = ""
            config.price = ""
            #expect(read == config, "\(model.name)")
        }
    }

    @Test("a negative price and a condition of the wrong kind are refused by name")
    func wrongKind() {
        #expect(fault(#"{"input_price":-1}"#) == "price.input_price: expected a number from 0 to 1000000000, got -1")
        #expect(fault(#"{"conditional_prices":{}}"#) == "price.conditional_prices: expected an array, got an object")
        #expect(
            fault(conditions(#"{"input_token_min":"1"}"#))
                == "price.conditional_prices[0].condition.input_token_min: expected an integer, got a string")
    }

    @Test("a condition that nothing can match is refused in the words of the contract")
    func contradictions() {
        #expect(
            fault(conditions("{}", #"{"service_tier":"slow"}"#))
                == #"conditional price 1: invalid service tier "slow" (allowed: auto, default, flex, scale, priority)"#)
        #expect(
            fault(conditions(#"{"input_token_min":2,"input_token_max":1}"#))
                == "conditional price 0: input token min (2) cannot be greater than max (1)")
        #expect(
            fault(conditions(#"{"output_token_min":2,"output_token_max":1}"#))
                == "conditional price 0: output token min (2) cannot be greater than max (1)")
        #expect(
            fault(conditions(#"{"start_time":5,"end_time":5}"#))
                == "conditional price 0: start time (5) must be before end time (5)")
        #expect(fault(conditions(#"{"input_token_min":2}"#, #"{"start_time":5}"#)) != nil)
    }

    @Test("two conditions of one rank that a call can both match are refused; others are not")
    func overlaps() {
        let message = "conditional prices 0 and 1 have overlapping conditions"
        #expect(fault(conditions("{}", "{}")) == message)
        #expect(fault(conditions(#"{"input_token_max":5}"#, #"{"input_token_min":5}"#)) == message)
        #expect(fault(conditions(#"{"input_token_max":4}"#, #"{"input_token_min":5}"#)) == nil)
        #expect(fault(conditions(#"{"resolution":["A","b"]}"#, #"{"resolution":["a"]}"#)) == message)
        #expect(fault(conditions(#"{"resolution":["b"]}"#, #"{"resolution":["a"]}"#)) == nil)
        #expect(fault(conditions(#"{"service_tier":"flex"}"#, #"{"service_tier":"priority"}"#)) == nil)
        #expect(fault(conditions(#"{"output_audio":true}"#, #"{"output_audio":false}"#)) == nil)
        #expect(fault(conditions(#"{"output_audio":true}"#, #"{"output_audio":true,"quality":["hd"]}"#)) == nil)
    }
}
