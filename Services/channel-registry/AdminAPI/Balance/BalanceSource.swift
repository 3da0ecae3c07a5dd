import JSON

/// Where the balance of a channel type is asked for, and how the answers are read (contract admin-api §3.4); does no I/O.
enum BalanceSource: Equatable {
    /// `/dashboard/billing` of the old OpenAI API, which resellers still serve.
    case openAIBilling
    case deepSeek
    case moonshot
    case siliconFlow
    case openRouter
    /// The reference stores 0 without asking.
    case zero
    /// There is nothing to ask, and nothing is stored.
    case nothing

    /// An answer that holds no balance.
    struct Fault: Error, Equatable {
        let reason: String
    }

    init(type: Int) {
        switch type {
        case 36: self = .deepSeek
        case 25: self = .moonshot
        case 43: self = .siliconFlow
        case 20: self = .openRouter
        case 1, 3, 4, 12, 19, 26, 28, 29, 37, 41, 45, 47, 49, 50, 51, 52, 54: self = .openAIBilling
        case 16, 18, 23, 27, 31, 32, 40: self = .zero
        default: self = .nothing
        }
    }

    /// The addresses to ask, in order.
    ///
    /// - Parameters:
    ///   - base: The address of the channel or its type, without a slash at its end.
    ///   - today: The day as `YYYY-MM-DD`.
    ///   - start: The first day whose usage counts, in the same form.
    func addresses(base: String, start: String, today: String) -> [String] {
        switch self {
        case .deepSeek: return ["\(base)/user/balance"]
        case .moonshot: return ["\(base)/users/me/balance"]
        case .siliconFlow: return ["\(base)/user/info"]
        case .openRouter: return ["\(base)/credits"]
        case .openAIBilling:
            // The default addresses end in the version already, the reference then asks for it twice.
            let billing = (base.hasSuffix("/v1") ? base : "\(base)/v1") + "/dashboard/billing"
            return ["\(billing)/subscription", "\(billing)/usage?start_date=\(start)&end_date=\(today)"]
        case .zero, .nothing: return []
        }
    }

    /// The balance in the answers to ``addresses(base:start:today:)``, as the text of a number.
    func balance(in answers: [JSONValue]) throws(Fault) -> String {
        switch self {
        case .zero, .nothing: return "0"
        case .moonshot: return try Self.number(answers, 0, "data", "available_balance").text
        case .siliconFlow: return try Self.number(answers, 0, "data", "balance").text
        case .deepSeek:
            let rows = answers.first?["balance_infos"]?.array ?? []
            guard let row = rows.first(where: { $0["currency"] == "CNY" }) ?? rows.first else {
                throw Fault(reason: "the answer has no balance_infos")
            }
            return try Self.number([row], 0, "total_balance").text
        case .openRouter:
            let credits = try Self.number(answers, 0, "data", "total_credits").value
            return Self.text(credits - (try Self.number(answers, 0, "data", "total_usage").value))
        case .openAIBilling:
            let limit = try Self.number(answers, 0, "hard_limit_usd").value
            return Self.text(limit - (try Self.number(answers, 1, "total_usage").value) / 100)
        }
    }

    /// What a vendor says in an error answer, as far as it can be shown; `nil` when it says nothing.
    static func message(in answer: [UInt8]) -> String? {
        guard let value = try? JSONValue.parse(answer) else { return nil }
        let text = value["error"]?["message"]?.string ?? value["message"]?.string ?? value["error"]?.string
        return text.map { String($0.prefix(200)) }
    }

    private static func number(
        _ answers: [JSONValue], _ place: Int, _ path: String...
    ) throws(Fault) -> (text: String, value: Double) {
        var found = answers.indices.contains(place) ? answers[place] : .null
        for name in path { found = found[name] ?? .null }
        let name = path.joined(separator: ".")
        let text =
            switch found {
            case .number(let number): number.text
            case .string(let text): text
            default: ""
            }
        // Numbers come as texts too; whatever they are, only JSON's form is one that SQL and our own answers take.
        guard case .number(let number) = try? JSONValue.parse(Array(text.utf8)), let value = number.double else {
            throw Fault(reason: "the answer has no number in \(name)")
        }
        return (number.text, value)
    }

    /// A difference without the noise of binary fractions.
    private static func text(_ number: Double) -> String {
        BodyValue.text((number * 1e6).rounded() / 1e6)
    }
}
