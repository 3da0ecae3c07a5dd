import JSON

extension APIDescription {
    /// Contract admin-api §9.
    static let tokens: [APIOperation] = {
        let api = APISection(.tokens, .administrator, .registry)
        let one = APISchema.named("Token")
        let all = page("tokens", of: "Token")
        let order = APIParameter.order(["id", "name", "used_amount", "request_count", "created_at"], else: "id-desc")
        let listing: [APIParameter] = .paging + [.query("status", .integer(), "1 or 2; 0 for any."), order]
        let group = APIParameter.exactly("group", "The group")
        let searching: [APIParameter] = [
            .keyword("A text in the group, name or models, in any case, or a whole key."), .exactly("name", "The name"),
            .exactly("key", "The key, with or without `sk-`"),
        ]
        let ids = APIBody.json(.either(.named("IDs"), .object(["ids": .named("IDs")])), example: [4_000_001])
        let change = APIBody.json(.named("TokenChange"), example: ["quota": 50])
        let name = APIBody.json(.object(["name": .string(limit: 32).nonempty]), example: ["name": "svc-2"])
        let status = APIBody.json(.named("Status"))
        let taken = APIRefusal(409, "`token name already exists in this group`")
        return [
            api.on(.get, "/api/tokens", "Tokens, page by page", query: listing + [group], answer: .data(all)),
            api.on(
                .get, "/api/tokens/search", "Search tokens", query: listing + [group] + searching, answer: .data(all)),
            api.on(.post, "/api/tokens/batch_delete", "Delete tokens", body: ids),
            api.on(.get, "/api/tokens/:id", "One token", answer: .data(one), refuses: [.missing("token")]),
            api.on(
                .put, "/api/tokens/:id", "Change a token", body: change, answer: .data(one),
                refuses: [.missing("token"), taken]),
            api.on(.delete, "/api/tokens/:id", "Delete a token", refuses: [.missing("token")]),
            api.on(
                .post, "/api/tokens/:id/status", "Enable or disable a token", body: status, refuses: [.missing("token")]
            ),
            api.on(.post, "/api/tokens/:id/name", "Rename a token", body: name, refuses: [.missing("token"), taken]),
            api.on(.get, "/api/token/:group", "Tokens of a group, page by page", query: listing, answer: .data(all)),
            api.on(
                .get, "/api/token/:group/search", "Search tokens of a group", query: listing + searching,
                answer: .data(all)),
            api.on(
                .post, "/api/token/:group", "Create a token; answers its key",
                query: [
                    .flag("auto_create_group", "Create the group when there is none."),
                    .flag("ignore_exist", "Answer the token that has this name already."),
                ], body: .json(.named("TokenInput"), example: ["name": "svc", "quota": 100]), answer: .data(one),
                refuses: [
                    .missing("group"),
                    APIRefusal(409, "`token name already exists in this group` or `group max token num reached`"),
                ]),
            api.on(.post, "/api/token/:group/batch_delete", "Delete tokens of a group", body: ids),
            api.on(
                .get, "/api/token/:group/:id", "One token of a group", answer: .data(one), refuses: [.missing("token")]),
            api.on(
                .put, "/api/token/:group/:id", "Change a token of a group", body: change, answer: .data(one),
                refuses: [.missing("token"), taken]),
            api.on(.delete, "/api/token/:group/:id", "Delete a token of a group", refuses: [.missing("token")]),
            api.on(
                .post, "/api/token/:group/:id/status", "Enable or disable a token of a group", body: status,
                refuses: [.missing("token")]),
            api.on(
                .post, "/api/token/:group/:id/name", "Rename a token of a group", body: name,
                refuses: [.missing("token"), taken]),
        ]
    }()

    /// Contract admin-api §10.1.
    static let groups: [APIOperation] = {
        let api = APISection(.groups, .administrator, .registry)
        let one = APISchema.named("Group")
        let order = APIParameter.order(["id", "request_count", "status", "created_at", "used_amount"], else: "id-desc")
        let missing = [APIRefusal.missing("group")]
        func number(_ name: String) -> APIBody { .json(.object(["\(name)": ratio]), example: ["\(name)": 2]) }
        return [
            api.on(
                .get, "/api/groups", "Groups, page by page", query: .paging + [order],
                answer: .data(page("groups", of: "Group"))),
            api.on(
                .get, "/api/groups/search", "Search groups",
                query: .paging + [
                    order, .keyword("A text in the id or the sets, in any case."),
                    .query("status", .integer(), "1 or 2; 0 for any."),
                ], answer: .data(page("groups", of: "Group"))),
            api.on(
                .post, "/api/groups/batch_delete", "Delete groups with their tokens and model configs",
                body: .json(.named("Names"), example: ["gone"])),
            api.on(
                .post, "/api/groups/batch_status", "Enable or disable groups",
                body: .json(
                    .object(["groups": .named("Names"), "status": .integer(in: 1...2)]),
                    example: ["groups": ["team-a"], "status": 2])),
            api.on(.get, "/api/group/:group", "One group", answer: .data(one), refuses: missing),
            api.on(
                .post, "/api/group/:group", "Create a group",
                body: .json(.named("GroupChange"), example: ["available_sets": ["default"]]), answer: .data(one),
                refuses: [APIRefusal(409, "`duplicated key not allowed`: there is one with this id")]),
            api.on(
                .put, "/api/group/:group", "Change a group",
                body: .json(.named("GroupChange"), example: ["rpm_ratio": 2]), answer: .data(one), refuses: missing),
            api.on(.delete, "/api/group/:group", "Delete a group with its tokens and model configs", refuses: missing),
            api.on(
                .post, "/api/group/:group/status", "Enable or disable a group", body: .json(.named("Status")),
                refuses: missing),
            api.on(
                .post, "/api/group/:group/rpm_ratio", "Set the factor on calls per minute", body: number("rpm_ratio"),
                refuses: missing),
            api.on(
                .post, "/api/group/:group/tpm_ratio", "Set the factor on tokens per minute", body: number("tpm_ratio"),
                refuses: missing),
        ]
    }()

    /// Contract admin-api §10.1, §13.5.
    static let groupModels: [APIOperation] = {
        let api = APISection(.groupModels, .administrator, .registry)
        let several = APIBody.json(
            .array(of: .named("GroupModelInput")).counting(0...10_000),
            example: [["model": "gpt-4o-mini", "override_limit": true, "rpm": 60]])
        let single = APIBody.json(.named("GroupModelInput"), example: ["override_limit": true, "rpm": 60])
        let one = APISchema.named("GroupModelConfig")
        let missing = [APIRefusal.missing("group")]
        let path = "/api/group/:group/model_configs"
        return [
            api.on(.get, path, "All of a group", answer: .data(.array(of: one)), refuses: missing),
            api.on(.post, path, "Save several as a whole", body: several, refuses: missing),
            api.on(.put, path, "Change several", body: several, refuses: missing),
            api.on(
                .delete, path, "Delete several", body: .json(.named("Names"), example: ["gpt-4o-mini"]),
                refuses: missing),
            api.on(
                .get, "/api/group/:group/model_config/*model", "One", answer: .data(one),
                refuses: [.missing("group_model_config")]),
            api.on(
                .post, "/api/group/:group/model_config/*model", "Save one as a whole", body: single, refuses: missing),
            api.on(.put, "/api/group/:group/model_config/*model", "Change one", body: single, refuses: missing),
            api.on(.delete, "/api/group/:group/model_config/*model", "Delete one", refuses: missing),
        ]
    }()
}
