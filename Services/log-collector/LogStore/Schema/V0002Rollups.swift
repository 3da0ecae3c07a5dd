import Migrations

/// Sums of calls by minute, quarter of an hour, hour and day, and from when on they can be trusted to say how many calls there are.
///
/// A quarter of an hour is the smallest step in which the offsets of time zones differ, so hours and days of every zone are sums of quarters. Each length has a
/// partition of its own, because they are kept for different times. `max_rpm` and `max_tpm` hold the fullest minute inside of a longer span; a minute is its own.
enum V0002Rollups {
    static let migration = Migration(
        number: 2, name: "rollups",
        sql: """
            CREATE TABLE logs.rollup_channels (
                grain   smallint    NOT NULL,
                bucket  timestamptz NOT NULL,
                channel bigint      NOT NULL,
                model   text        NOT NULL,
            \(columns),
                PRIMARY KEY (grain, bucket, channel, model)
            ) PARTITION BY LIST (grain);

            COMMENT ON TABLE logs.rollup_channels IS 'attempts; channel 0 holds the calls that reached no channel';

            CREATE TABLE logs.rollup_groups (
                grain      smallint    NOT NULL,
                bucket     timestamptz NOT NULL,
                group_name text        NOT NULL,
                token_name text        NOT NULL,
                model      text        NOT NULL,
            \(columns),
                PRIMARY KEY (grain, group_name, bucket, token_name, model)
            ) PARTITION BY LIST (grain);

            COMMENT ON TABLE logs.rollup_groups IS 'calls of tokens; those of the admin key are not here';

            \(partitions)

            CREATE INDEX rollup_channels_time ON logs.rollup_channels USING brin (bucket) WITH (pages_per_range = 16);
            CREATE INDEX rollup_groups_time ON logs.rollup_groups USING brin (bucket) WITH (pages_per_range = 16);

            CREATE TABLE logs.rollup_floor (
                is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                since   timestamptz NOT NULL
            );

            COMMENT ON COLUMN logs.rollup_floor.since IS 'calls that ended before this may be missing in logs.calls or in the rollups';

            INSERT INTO logs.rollup_floor (since)
            SELECT COALESCE(max(created_at) + interval '1 microsecond', '-infinity') FROM logs.calls;
            """)

    /// Spelled out here and not taken from `RollupMetric`: what was shipped stays as it is when a metric is added.
    private static let columns: String = {
        let counts = [
            "request_count", "retry_count", "exception_count", "status_2xx_count", "status_4xx_count",
            "status_5xx_count", "status_other_count", "status_400_count", "status_429_count", "status_500_count",
            "cache_hit_count", "cache_creation_count", "input_tokens", "image_input_tokens", "audio_input_tokens",
            "video_input_tokens", "output_tokens", "image_output_tokens", "audio_output_tokens", "cached_tokens",
            "cache_creation_tokens", "reasoning_tokens", "total_tokens", "web_search_count", "total_time_milliseconds",
            "total_ttfb_milliseconds", "max_rpm", "max_tpm",
        ]
        let amounts = [
            "input", "image_input", "audio_input", "video_input", "output", "image_output", "audio_output", "cached",
            "cache_creation", "web_search", "used",
        ]
        let lines =
            counts.map { "    \($0) bigint NOT NULL DEFAULT 0" }
            + amounts.map { "    \($0)_amount numeric NOT NULL DEFAULT 0" }
        return lines.joined(separator: ",\n")
    }()

    /// Rows of the present are changed with every batch: room in their pages keeps the changes there.
    private static let partitions = ["channels", "groups"].flatMap { table in
        [("minute", 1), ("quarter", 15), ("hour", 60), ("day", 1_440)].map { name, grain in
            """
            CREATE TABLE logs.rollup_\(table)_\(name) PARTITION OF logs.rollup_\(table) FOR VALUES IN (\(grain))
                WITH (fillfactor = 70);
            """
        }
    }.joined(separator: "\n")
}
