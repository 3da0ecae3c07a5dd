import AdminHTTP
import HTTPCore
import JSON

/// Reads the price of a model (contract admin-api §13.6): known members only, zeros left out, conditions that do not contradict each other.
enum PriceBody {
    /// What is counted; each has a price and the number of units that it is for.
    private static let classes = [
        "input", "image_input", "audio_input", "video_input", "output", "image_output", "audio_output",
        "thinking_mode_output", "cached", "cache_creation", "web_search",
    ]
    private static let maxPrice = 1e9
    private static let maxConditions = 1000

    /// The price in the form in which it is stored.
    static func read(_ fields: BodyFields) throws(AdminFailure) -> String {
        guard let members = try fields.members("price") else { return "{}" }
        var price = try plain(members.fields)
        let conditional = try conditions(members.fields)
        if !conditional.isEmpty { price["conditional_prices"] = .array(conditional) }
        return String(decoding: JSONValue.object(price).serialized(), as: UTF8.self)
    }

    private static func plain(_ fields: BodyFields) throws(AdminFailure) -> JSONObject {
        var price = JSONObject()
        func take(_ name: String) throws(AdminFailure) {
            guard let value = try fields.double(name, upTo: maxPrice), value > 0 else { return }
            price[name] = fields.value(name)
        }
        try take("per_request_price")
        for name in classes {
            try take("\(name)_price")
            if let unit = try fields.int("\(name)_price_unit", in: 0...Int(Int32.max)), unit > 0 {
                price["\(name)_price_unit"] = .int(unit)
            }
        }
        return price
    }

    private static func conditions(_ fields: BodyFields) throws(AdminFailure) -> [JSONValue] {
        guard let value = fields.value("conditional_prices"), !value.isNull else { return [] }
        guard let rows = value.array else { throw fields.wrongKind("conditional_prices", "an array", value) }
        guard rows.count <= maxConditions else {
            throw fields.fault("conditional_prices", "more than \(maxConditions) elements")
        }
        var conditions: [PriceCondition] = []
        var prices: [JSONValue] = []
        for (index, row) in rows.enumerated() {
            let row = try fields.members(row, "conditional_prices[\(index)]").fields
            let condition = try PriceCondition(try row.members("condition")?.fields ?? row.empty("condition"))
            if let fault = condition.fault { throw AdminFailure(.badRequest, "conditional price \(index): \(fault)") }
            let price = try plain(try row.members("price")?.fields ?? row.empty("price"))
            prices.append(["condition": .object(condition.object), "price": .object(price)])
            if let other = conditions.firstIndex(where: { $0.isAmbiguous(with: condition) }) {
                throw AdminFailure(
                    .badRequest, "conditional prices \(other) and \(index) have overlapping conditions")
            }
            conditions.append(condition)
        }
        return prices
    }
}

/// When a conditional price applies; what is not set matches everything.
struct PriceCondition: Equatable {
    private static let tiers = ["auto", "default", "flex", "scale", "priority"]

    let input: Span
    let output: Span
    /// Seconds since 1970.
    let time: Span
    let resolutions: [String]
    let qualities: [String]
    let serviceTier: String
    let inputMedia: Bool?
    let inputVideo: Bool?
    let outputAudio: Bool?

    /// Two ends of a range; 0 is open.
    struct Span: Equatable {
        var least: Int
        var most: Int

        func overlaps(_ other: Span) -> Bool {
            max(least, other.least) <= min(most == 0 ? .max : most, other.most == 0 ? .max : other.most)
        }

        var count: Int { (least == 0 ? 0 : 1) + (most == 0 ? 0 : 1) }
    }

    init(_ fields: BodyFields) throws(AdminFailure) {
        func number(_ name: String) throws(AdminFailure) -> Int {
            try fields.int(name, in: 0...9_007_199_254_740_991) ?? 0
        }
        input = Span(least: try number("input_token_min"), most: try number("input_token_max"))
        output = Span(least: try number("output_token_min"), most: try number("output_token_max"))
        time = Span(least: try number("start_time"), most: try number("end_time"))
        resolutions = try fields.names("resolution") ?? []
        qualities = try fields.names("quality") ?? []
        serviceTier = try fields.string("service_tier") ?? ""
        inputMedia = try fields.bool("input_media")
        inputVideo = try fields.bool("input_video")
        outputAudio = try fields.bool("output_audio")
    }

    /// What is wrong with it, in the words of the contract.
    var fault: String? {
        if !serviceTier.isEmpty, !Self.tiers.contains(serviceTier) {
            return "invalid service tier \"\(serviceTier)\" (allowed: \(Self.tiers.joined(separator: ", ")))"
        }
        for (name, span) in [("input", input), ("output", output)] where span.most != 0 && span.least > span.most {
            return "\(name) token min (\(span.least)) cannot be greater than max (\(span.most))"
        }
        if time.least != 0, time.most != 0, time.least >= time.most {
            return "start time (\(time.least)) must be before end time (\(time.most))"
        }
        return nil
    }

    /// How many members are set; of the prices that apply, the one with the most counts.
    var count: Int {
        input.count + output.count + time.count
            + [!resolutions.isEmpty, !qualities.isEmpty, !serviceTier.isEmpty].count { $0 }
            + [inputMedia, inputVideo, outputAudio].count { $0 != nil }
    }

    /// Whether a call can match both, and neither is the closer match.
    func isAmbiguous(with other: PriceCondition) -> Bool {
        count == other.count && input.overlaps(other.input) && output.overlaps(other.output)
            && time.overlaps(other.time) && Self.meet(resolutions, other.resolutions)
            && Self.meet(qualities, other.qualities)
            && (serviceTier.isEmpty || other.serviceTier.isEmpty || serviceTier == other.serviceTier)
            && Self.agree(inputMedia, other.inputMedia) && Self.agree(inputVideo, other.inputVideo)
            && Self.agree(outputAudio, other.outputAudio)
    }

    /// What is set, in the form of the contract.
    var object: JSONObject {
        var object = JSONObject()
        func set(_ name: String, _ number: Int) { if number != 0 { object[name] = .int(number) } }
        func set(_ name: String, _ texts: [String]) {
            if !texts.isEmpty { object[name] = .array(texts.map { .string($0) }) }
        }
        set("input_token_min", input.least)
        set("input_token_max", input.most)
        set("output_token_min", output.least)
        set("output_token_max", output.most)
        set("start_time", time.least)
        set("end_time", time.most)
        set("resolution", resolutions)
        set("quality", qualities)
        if !serviceTier.isEmpty { object["service_tier"] = .string(serviceTier) }
        if let inputMedia { object["input_media"] = .bool(inputMedia) }
        if let inputVideo { object["input_video"] = .bool(inputVideo) }
        if let outputAudio { object["output_audio"] = .bool(outputAudio) }
        return object
    }

    private static func meet(_ left: [String], _ right: [String]) -> Bool {
        left.isEmpty || right.isEmpty
            || !Set(left.map { $0.lowercased() }).isDisjoint(with: right.map { $0.lowercased() })
    }

    private static func agree(_ left: Bool?, _ right: Bool?) -> Bool {
        left == nil || right == nil || left == right
    }
}

extension BodyFields {
    /// A member that must be an object, with its place for messages; `nil` when it is not given.
    func members(_ name: String) throws(AdminFailure) -> (fields: BodyFields, object: JSONObject)? {
        guard let value = value(name), !value.isNull else { return nil }
        return try members(value, name)
    }

    /// A value that must be an object, with its place for messages.
    func members(_ value: JSONValue, _ name: String) throws(AdminFailure) -> (fields: BodyFields, object: JSONObject) {
        guard let object = value.object else { throw wrongKind(name, "an object", value) }
        return (BodyFields(object, place: "\(place)\(name)."), object)
    }

    /// No members, at the place of a member that is not given.
    func empty(_ name: String) -> BodyFields {
        BodyFields(JSONObject(), place: "\(place)\(name).")
    }
}
