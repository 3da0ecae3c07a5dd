/// Every route under `/api` and `/v1` as data (OpenAPI 3.1 at `/openapi.json`). Tests compare it with the route tables of the services, so that a route without a row,
/// or a row without a route, does not pass.
///
/// A route gets one row in the file of its family under `Operations/`; what it takes and gives, if it has a name, a row in the file under `Schemas/`.
package enum APIDescription {
    /// Every route, family by family.
    package static let operations: [APIOperation] =
        relay + channels + channelTests + models + modelConfigs + tokens + groups + groupModels + options + monitor
        + logs + dashboards + groupDashboards + rankings + gateway

    /// The named schemas, in the order of the document.
    static let schemas: [(name: String, schema: APISchema)] =
        envelopes + channelSchemas + modelSchemas + tenantSchemas + optionSchemas + monitorSchemas + logSchemas
        + dashboardSchemas
        + relaySchemas

    /// The routes of one service as `METHOD pattern`, to be compared with what it serves.
    package static func routes(of owner: APIOwner) -> Set<String> {
        Set(operations.filter { $0.owners.contains(owner) }.map(\.description))
    }
}
