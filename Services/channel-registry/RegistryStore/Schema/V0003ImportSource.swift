import Migrations

extension Migration {
    /// Where an imported channel came from, so that a second import knows it again.
    static let v0003ImportSource = Migration(
        number: 3, name: "import_source",
        sql: """
            -- source:row:key, each a digest or a number; never an address or a key.
            ALTER TABLE registry.channels ADD COLUMN import_source text;
            CREATE UNIQUE INDEX channels_import_source ON registry.channels (import_source text_pattern_ops)
                WHERE import_source IS NOT NULL AND deleted_at IS NULL;
            """)
}
