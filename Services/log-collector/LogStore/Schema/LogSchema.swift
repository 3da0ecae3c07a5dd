package import Migrations

/// The schema of the collector: its name and every migration that was ever shipped, in order.
package enum LogSchema {
    /// The PostgreSQL schema; this service is its only writer.
    package static let name = "logs"

    /// All migrations. Shipped ones are never edited; a retired number stays.
    package static let migrations: [Migration] = [V0001Calls.migration, V0002Rollups.migration, V0003Totals.migration]

    /// What has to be there before anything is stored.
    package static let plan = SchemaKeeper.Plan(migrations, schema: name, program: "log-collector")
}
