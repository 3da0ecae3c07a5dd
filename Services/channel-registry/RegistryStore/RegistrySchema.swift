package import Migrations

/// The database schema of the registry.
package enum RegistrySchema {
    /// The name of the PostgreSQL schema; nobody else writes to it.
    package static let name = "registry"

    /// Every migration that was ever shipped, in order; a shipped one is never edited.
    package static let migrations: [Migration] = [
        .v0001Registry, .v0002Models, .v0003ImportSource, .v0004GroupModels, .v0005ChannelTests,
        .v0006ChannelHealth, .v0007Counters,
    ]

    /// What has to be there before the stores work.
    package static let plan = SchemaKeeper.Plan(migrations, schema: name, program: "channel-registry")

    /// The channel on which each committed change is announced; the payload is the new revision.
    package static let changeChannel = "registry_changed"
}
