import JSON

extension APIDescription {
    /// What stands around every answer under `/api`, and the errors of both worlds.
    static let envelopes: [(name: String, schema: APISchema)] = [
        (
            "Envelope",
            .object(
                ["success": .boolean("Whether the call did what was asked.")],
                optional: [
                    "data": .any("The payload; absent when there is none."),
                    "message": .string("What went wrong; only with a failure."),
                ], "Around every answer under `/api`.")
        ),
        ("Done", .object(["success": .always(true)], "A success without payload.")),
        (
            "Failure",
            .object(
                [
                    "message": .string("What went wrong; a malformed parameter or member is named.").nonempty,
                    "success": .always(false),
                ], "A refused or failed call."
            ).example(["message": "channel record not found", "success": false])
        ),
        (
            "Error",
            .object(
                [
                    "error": .object(
                        [
                            "message": .string().nonempty,
                            "type": .any("`invalid_request_error`, `server_error`, or what the vendor says."),
                            "code": .any("A code such as `model_not_found`, or what the vendor says."),
                        ], optional: ["param": .any("The member at fault, or null.")])
                ], optional: ["aiproxy": .string("The request's id; on errors of the vendor.")],
                "An error of the relay in OpenAI's form."
            ).example(
                [
                    "error": [
                        "message": "the model 'm' does not exist", "type": "invalid_request_error", "param": "model",
                        "code": "model_not_found",
                    ]
                ])
        ),
        (
            "AnthropicError",
            .object(
                [
                    "type": .choice(["error"]),
                    "error": .object(["type": text, "message": .string().nonempty]),
                ], optional: ["request_id": text], "An error of the relay in Anthropic's form.")
        ),
        (
            "GeminiError",
            .object(
                [
                    "error": .object([
                        "code": .integer("The status."), "message": .string().nonempty,
                        "status": .string("A word such as `NOT_FOUND`."),
                    ])
                ], "An error of the relay in Google's form.")
        ),
        (
            "Status",
            .object(["status": .integer("1 is enabled, 2 is disabled.", in: 1...2)]).example(["status": 2])
        ),
        (
            "IDs",
            .array(of: .integer(), "Numbers of rows; those that do not exist are passed over.").counting(0...10_000)
        ),
        (
            "Names",
            .array(of: .string(), "Names; those that do not exist are passed over.").counting(0...10_000)
        ),
    ]

    /// A page of a list.
    static func page(_ name: String, of element: String) -> APISchema {
        .object([
            "\(name)": .array(of: .named(element)),
            "total": .integer("How many there are on all pages.", in: 0...Int.max),
        ])
    }

    static let text = APISchema.string()
}
