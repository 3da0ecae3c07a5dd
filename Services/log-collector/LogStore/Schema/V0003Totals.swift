import Migrations

/// What channels, tokens and groups were called altogether.
///
/// The stamp is the number of the transaction that changed the row last; see `TotalsReader` for why. What the sums and the calls of before still know is taken
/// over. Collation "C" makes the order of the index the order of the bytes, which a reader's place is compared by.
enum V0003Totals {
    static let migration = Migration(
        number: 3, name: "totals",
        sql: """
            CREATE TABLE logs.totals (
                kind        text COLLATE "C" NOT NULL CHECK (kind IN ('channel', 'group', 'token')),
                key         text COLLATE "C" NOT NULL,
                requests    bigint  NOT NULL DEFAULT 0,
                retries     bigint  NOT NULL DEFAULT 0,
                used_amount numeric NOT NULL DEFAULT 0,
                last_at     timestamptz,
                stamp       bigint  NOT NULL,
                PRIMARY KEY (kind, key)
            ) WITH (fillfactor = 70);

            COMMENT ON COLUMN logs.totals.requests IS 'attempts of a channel, calls of a token or a group';
            COMMENT ON COLUMN logs.totals.retries IS 'attempts that another one followed';
            COMMENT ON COLUMN logs.totals.last_at IS 'the beginning of the minute of the last call';
            COMMENT ON COLUMN logs.totals.stamp IS 'the transaction that changed the row last';

            CREATE INDEX totals_changed ON logs.totals (stamp, kind, key);

            CREATE TABLE logs.totals_epoch (
                is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                epoch   text NOT NULL DEFAULT gen_random_uuid()::text
            );

            INSERT INTO logs.totals_epoch DEFAULT VALUES;

            CREATE TABLE logs.option_terms (
                is_only      boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                record_hours bigint,
                body_hours   bigint
            );

            COMMENT ON TABLE logs.option_terms IS 'what the registry said last; NULL for an option that is not set';

            -- The newest span of any length is that of the last minute, as long as minutes are there.
            INSERT INTO logs.totals (kind, key, requests, retries, used_amount, last_at, stamp)
            SELECT 'channel', channel::text, sum(request_count) FILTER (WHERE grain = 1440),
                   sum(retry_count) FILTER (WHERE grain = 1440), sum(used_amount) FILTER (WHERE grain = 1440),
                   max(bucket), pg_current_xact_id()::text::bigint
            FROM logs.rollup_channels WHERE channel <> 0 GROUP BY channel
            HAVING sum(request_count) FILTER (WHERE grain = 1440) > 0;

            INSERT INTO logs.totals (kind, key, requests, used_amount, last_at, stamp)
            SELECT 'group', group_name, sum(request_count) FILTER (WHERE grain = 1440),
                   sum(used_amount) FILTER (WHERE grain = 1440), max(bucket), pg_current_xact_id()::text::bigint
            FROM logs.rollup_groups GROUP BY group_name
            HAVING sum(request_count) FILTER (WHERE grain = 1440) > 0;

            INSERT INTO logs.totals (kind, key, requests, used_amount, last_at, stamp)
            SELECT 'token', token_id::text, count(*), coalesce(sum(used_amount), 0),
                   date_trunc('minute', max(created_at)), pg_current_xact_id()::text::bigint
            FROM logs.calls WHERE token_id IS NOT NULL GROUP BY token_id;
            """)
}
