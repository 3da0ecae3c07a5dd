package import HTTPCore

/// Who may call a route.
package enum AdminRole: Equatable, Sendable {
    /// Whoever holds the admin key.
    case administrator
    /// Anybody, without a key.
    case anyone
}

/// One row of the admin API: nothing is served that has no row, and no row is without a role.
package struct AdminRoute: Sendable {
    /// Decodes, calls a store, answers; what it throws becomes an envelope in `WireErrors`.
    package typealias Handler = @Sendable (AdminCall) async throws -> AdminAnswer

    package let method: HTTPMethod
    /// With `:name` for a segment that varies; also the metric label.
    package let path: String
    package let role: AdminRole
    package let handler: Handler

    init(_ method: HTTPMethod, _ path: String, _ role: AdminRole, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.role = role
        self.handler = handler
    }

    /// Every admin route of the registry.
    package static let all: [AdminRoute] = [
        AdminRoute(.get, "/api/status", .anyone, StatusRoutes.status),

        AdminRoute(.get, "/api/channels/type_metas", .administrator, ChannelRoutes.typeMetas),
        AdminRoute(.get, "/api/channels/all", .administrator, ChannelRoutes.all),
        AdminRoute(.get, "/api/channels/search", .administrator, ChannelRoutes.page),
        AdminRoute(.get, "/api/channels", .administrator, ChannelRoutes.page),
        AdminRoute(.post, "/api/channels", .administrator, ChannelRoutes.createMany),
        AdminRoute(.post, "/api/channels/batch_delete", .administrator, ChannelRoutes.deleteMany),
        AdminRoute(.post, "/api/channels/batch_status", .administrator, ChannelRoutes.setStatusOfMany),
        AdminRoute(.post, "/api/channels/batch_info", .administrator, ChannelRoutes.summaries),
        AdminRoute(.post, "/api/channels/import/oneapi", .administrator, ImportRoutes.oneAPI),
        AdminRoute(.post, "/api/channel", .administrator, ChannelRoutes.create),
        AdminRoute(.get, "/api/channel/:id", .administrator, ChannelRoutes.find),
        AdminRoute(.put, "/api/channel/:id", .administrator, ChannelRoutes.update),
        AdminRoute(.delete, "/api/channel/:id", .administrator, ChannelRoutes.delete),
        AdminRoute(.post, "/api/channel/:id/status", .administrator, ChannelRoutes.setStatus),

        AdminRoute(.get, "/api/channel/:id/update_balance", .administrator, BalanceRoutes.refresh),
        AdminRoute(.get, "/api/channels/update_balance", .administrator, BalanceRoutes.refreshAll),

        AdminRoute(.get, "/api/models/builtin", .administrator, ModelRoutes.builtin),
        AdminRoute(.get, "/api/models/builtin/channel", .administrator, ModelRoutes.builtinByType),
        AdminRoute(.get, "/api/models/builtin/channel/:type", .administrator, ModelRoutes.builtinOfType),
        AdminRoute(.get, "/api/models/enabled", .administrator, ModelRoutes.enabled),
        AdminRoute(.get, "/api/models/enabled/:set", .administrator, ModelRoutes.enabledOfSet),
        AdminRoute(.get, "/api/models/sets", .administrator, ModelRoutes.sets),
        AdminRoute(.get, "/api/models/default", .administrator, ModelRoutes.defaults),
        AdminRoute(.get, "/api/models/default/:type", .administrator, ModelRoutes.defaultsOfType),

        AdminRoute(.get, "/api/model_configs", .administrator, ModelConfigRoutes.page),
        AdminRoute(.get, "/api/model_configs/all", .administrator, ModelConfigRoutes.all),
        AdminRoute(.get, "/api/model_configs/search", .administrator, ModelConfigRoutes.search),
        AdminRoute(.post, "/api/model_configs/contains", .administrator, ModelConfigRoutes.contains),
        AdminRoute(.post, "/api/model_configs", .administrator, ModelConfigRoutes.saveMany),
        AdminRoute(.post, "/api/model_configs/batch_delete", .administrator, ModelConfigRoutes.deleteMany),
        AdminRoute(.get, "/api/model_config/*model", .administrator, ModelConfigRoutes.find),
        AdminRoute(.post, "/api/model_config/*model", .administrator, ModelConfigRoutes.save),
        AdminRoute(.delete, "/api/model_config/*model", .administrator, ModelConfigRoutes.delete),

        AdminRoute(.get, "/api/option", .administrator, OptionRoutes.all),
        AdminRoute(.get, "/api/option/:key", .administrator, OptionRoutes.find),
        AdminRoute(.post, "/api/option", .administrator, OptionRoutes.set),
        AdminRoute(.put, "/api/option", .administrator, OptionRoutes.set),
        AdminRoute(.put, "/api/option/:key", .administrator, OptionRoutes.setRaw),
        AdminRoute(.post, "/api/option/batch", .administrator, OptionRoutes.setMany),

        AdminRoute(.get, "/api/tokens", .administrator, TokenRoutes.page),
        AdminRoute(.get, "/api/tokens/search", .administrator, TokenRoutes.search),
        AdminRoute(.post, "/api/tokens/batch_delete", .administrator, TokenRoutes.deleteMany),
        AdminRoute(.get, "/api/tokens/:id", .administrator, TokenRoutes.find),
        AdminRoute(.put, "/api/tokens/:id", .administrator, TokenRoutes.update),
        AdminRoute(.delete, "/api/tokens/:id", .administrator, TokenRoutes.delete),
        AdminRoute(.post, "/api/tokens/:id/status", .administrator, TokenRoutes.setStatus),
        AdminRoute(.post, "/api/tokens/:id/name", .administrator, TokenRoutes.setName),

        AdminRoute(.get, "/api/token/:group", .administrator, TokenRoutes.page),
        AdminRoute(.get, "/api/token/:group/search", .administrator, TokenRoutes.search),
        AdminRoute(.post, "/api/token/:group", .administrator, TokenRoutes.create),
        AdminRoute(.post, "/api/token/:group/batch_delete", .administrator, TokenRoutes.deleteMany),
        AdminRoute(.get, "/api/token/:group/:id", .administrator, TokenRoutes.find),
        AdminRoute(.put, "/api/token/:group/:id", .administrator, TokenRoutes.update),
        AdminRoute(.delete, "/api/token/:group/:id", .administrator, TokenRoutes.delete),
        AdminRoute(.post, "/api/token/:group/:id/status", .administrator, TokenRoutes.setStatus),
        AdminRoute(.post, "/api/token/:group/:id/name", .administrator, TokenRoutes.setName),

        AdminRoute(.get, "/api/groups", .administrator, GroupRoutes.page),
        AdminRoute(.get, "/api/groups/search", .administrator, GroupRoutes.search),
        AdminRoute(.post, "/api/groups/batch_delete", .administrator, GroupRoutes.deleteMany),
        AdminRoute(.post, "/api/groups/batch_status", .administrator, GroupRoutes.setStatusOfMany),
        AdminRoute(.get, "/api/group/:group", .administrator, GroupRoutes.find),
        AdminRoute(.post, "/api/group/:group", .administrator, GroupRoutes.create),
        AdminRoute(.put, "/api/group/:group", .administrator, GroupRoutes.update),
        AdminRoute(.delete, "/api/group/:group", .administrator, GroupRoutes.delete),
        AdminRoute(.post, "/api/group/:group/status", .administrator, GroupRoutes.setStatus),
        AdminRoute(.post, "/api/group/:group/rpm_ratio", .administrator, GroupRoutes.setRPMRatio),
        AdminRoute(.post, "/api/group/:group/tpm_ratio", .administrator, GroupRoutes.setTPMRatio),

        AdminRoute(.get, "/api/group/:group/model_configs", .administrator, GroupModelRoutes.all),
        AdminRoute(.post, "/api/group/:group/model_configs", .administrator, GroupModelRoutes.saveMany),
        AdminRoute(.put, "/api/group/:group/model_configs", .administrator, GroupModelRoutes.updateMany),
        AdminRoute(.delete, "/api/group/:group/model_configs", .administrator, GroupModelRoutes.deleteMany),
        AdminRoute(.get, "/api/group/:group/model_config/*model", .administrator, GroupModelRoutes.find),
        AdminRoute(.post, "/api/group/:group/model_config/*model", .administrator, GroupModelRoutes.save),
        AdminRoute(.put, "/api/group/:group/model_config/*model", .administrator, GroupModelRoutes.update),
        AdminRoute(.delete, "/api/group/:group/model_config/*model", .administrator, GroupModelRoutes.delete),

        AdminRoute(.get, "/api/dashboard/:group/models", .administrator, GroupDashboardRoutes.models),

        AdminRoute(.get, "/api/monitor", .administrator, MonitorRoutes.rates),
        AdminRoute(.delete, "/api/monitor", .administrator, MonitorRoutes.clearAll),
        AdminRoute(.get, "/api/monitor/models", .administrator, MonitorRoutes.modelRates),
        AdminRoute(.get, "/api/monitor/banned_channels", .administrator, MonitorRoutes.banned),
        AdminRoute(.get, "/api/monitor/runtime_metrics", .administrator, MonitorRoutes.runtime),
        AdminRoute(.get, "/api/monitor/group_summary_metrics", .administrator, CallerMonitorRoutes.groups),
        AdminRoute(.get, "/api/monitor/group_token_metrics/:group", .administrator, CallerMonitorRoutes.tokens),
        AdminRoute(.get, "/api/monitor/group_model_metrics/:group", .administrator, CallerMonitorRoutes.models),
        AdminRoute(
            .get, "/api/monitor/group_tokenname_model_metrics/:group", .administrator, CallerMonitorRoutes.tokenModels),
        AdminRoute(
            .post, "/api/monitor/batch_group_token_metrics", .administrator, CallerMonitorRoutes.manyTokens),
        AdminRoute(.get, "/api/monitor/:id", .administrator, MonitorRoutes.channelRates),
        AdminRoute(.delete, "/api/monitor/:id", .administrator, MonitorRoutes.clearChannel),
        AdminRoute(.delete, "/api/monitor/:id/*model", .administrator, MonitorRoutes.clearModel),
    ]
}
