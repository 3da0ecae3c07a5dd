import JSON

extension APIDescription {
    /// Options (contract admin-api §11, §16.2).
    static let optionSchemas: [(name: String, schema: APISchema)] = [
        (
            "Option",
            .object(
                [
                    "key": text, "value": .string("The stored value, or the default."),
                    "effective": .string("The value in force."),
                    "source": .choice(["environment", "stored", "default"]),
                    "environment": .string("The variable that wins over the stored value."),
                ], "A setting; all values are texts."
            ).example([
                "key": "RetryTimes", "value": "0", "effective": "3", "source": "environment",
                "environment": "RETRY_TIMES",
            ])
        ),
        (
            "OptionInput",
            .object(["key": text, "value": text]).example(["key": "RetryTimes", "value": "2"])
        ),
    ]
}
