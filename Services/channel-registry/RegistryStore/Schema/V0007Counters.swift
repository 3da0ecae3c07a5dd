import Migrations

extension Migration {
    /// Where the counters come from, what has to be told to the log-collector, and whose turn a round is.
    static let v0007Counters = Migration(
        number: 7, name: "counters",
        sql: """
            ALTER TABLE registry.channels ADD COLUMN accessed_at timestamptz;

            -- Counters change all the time and are in no index: with room in the pages their changes stay there.
            ALTER TABLE registry.channels SET (fillfactor = 80);
            ALTER TABLE registry.groups SET (fillfactor = 80);
            ALTER TABLE registry.tokens SET (fillfactor = 80);

            -- How far the totals of the collector were taken over.
            CREATE TABLE registry.totals_position (
                only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
                -- Names the log database; '' before the first page.
                epoch text NOT NULL DEFAULT '',
                -- Everything with a lower stamp was taken over.
                stamp bigint NOT NULL DEFAULT 0,
                -- Grows with each page that was taken over, so that two replicas do not take over the same or an older one.
                pages bigint NOT NULL DEFAULT 0
            );
            INSERT INTO registry.totals_position DEFAULT VALUES;

            -- Deleted groups whose records the collector has still to delete.
            CREATE TABLE registry.log_purges (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                group_id text NOT NULL,
                deleted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                -- How often all was deleted; once more after a while, for what came late.
                passes integer NOT NULL DEFAULT 0,
                failures integer NOT NULL DEFAULT 0,
                next_at timestamptz NOT NULL DEFAULT now()
            );
            CREATE INDEX log_purges_next ON registry.log_purges (next_at);

            -- Work that one replica does for all of them.
            CREATE TABLE registry.rounds (
                name text PRIMARY KEY,
                next_at timestamptz NOT NULL
            );
            """)
}
