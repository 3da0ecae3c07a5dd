import Migrations

/// Calls by day, bodies by hour, and how far each gateway has shipped.
///
/// Both tables are partitioned from the start, because that decides the keys: an `id` can only be unique together with the partition column. Partitions
/// are made by `PartitionKeeper`; rows whose time is far off (a gateway with a wrong clock) fall into the `_other` partitions, so no row is ever refused for
/// its time. Ids come from one sequence and are taken by the writer, so that a call and its body share theirs.
///
/// Index keys on text are cut with `left`: an index entry is limited to about 2 700 bytes, a model name that a caller invents is not.
enum V0001Calls {
    static let migration = Migration(
        number: 1, name: "calls",
        sql: """
            CREATE SEQUENCE logs.call_id AS bigint;

            CREATE TABLE logs.calls (
                id                    bigint      NOT NULL DEFAULT nextval('logs.call_id'),
                created_at            timestamptz NOT NULL,
                request_at            timestamptz NOT NULL,
                retry_at              timestamptz,
                first_byte_us         bigint,
                channel               bigint,
                token_id              bigint,
                input_tokens          bigint      NOT NULL DEFAULT 0,
                output_tokens         bigint      NOT NULL DEFAULT 0,
                total_tokens          bigint      NOT NULL DEFAULT 0,
                cached_tokens         bigint      NOT NULL DEFAULT 0,
                cache_creation_tokens bigint      NOT NULL DEFAULT 0,
                reasoning_tokens      bigint      NOT NULL DEFAULT 0,
                audio_input_tokens    bigint      NOT NULL DEFAULT 0,
                audio_output_tokens   bigint      NOT NULL DEFAULT 0,
                image_input_tokens    bigint      NOT NULL DEFAULT 0,
                image_output_tokens   bigint      NOT NULL DEFAULT 0,
                code                  bigint      NOT NULL,
                mode                  integer     NOT NULL,
                retry_count           integer     NOT NULL,
                is_stream             boolean     NOT NULL,
                has_body              boolean     NOT NULL,
                outcome               text        NOT NULL,
                usage_source          text        NOT NULL,
                request_id            text        NOT NULL,
                model                 text        NOT NULL,
                upstream_model        text        NOT NULL,
                group_name            text        NOT NULL,
                token_name            text        NOT NULL,
                endpoint              text        NOT NULL,
                ip                    text        NOT NULL,
                end_user              text        NOT NULL,
                upstream_id           text        NOT NULL,
                content               text        NOT NULL,
                attempts              jsonb       NOT NULL,
                price                 jsonb,
                input_amount          numeric,
                image_input_amount    numeric,
                audio_input_amount    numeric,
                video_input_amount    numeric,
                output_amount         numeric,
                image_output_amount   numeric,
                audio_output_amount   numeric,
                cached_amount         numeric,
                cache_creation_amount numeric,
                web_search_amount     numeric,
                used_amount           numeric,
                PRIMARY KEY (id, created_at)
            ) PARTITION BY RANGE (created_at);

            COMMENT ON COLUMN logs.calls.created_at IS 'the end of the answer';
            COMMENT ON COLUMN logs.calls.has_body IS 'a row of logs.bodies was written with the call';
            COMMENT ON COLUMN logs.calls.price IS 'the price that was applied; NULL when it is unknown';
            COMMENT ON COLUMN logs.calls.used_amount IS 'NULL when it is unknown, never 0 for that';

            CREATE INDEX calls_newest  ON logs.calls (created_at, id);
            CREATE INDEX calls_request ON logs.calls (left(request_id, 64));
            CREATE INDEX calls_channel ON logs.calls (channel, created_at, id);
            CREATE INDEX calls_model   ON logs.calls (left(model, 128), created_at, id);
            CREATE INDEX calls_failed  ON logs.calls (created_at, id) WHERE code <> 200;
            CREATE INDEX calls_group   ON logs.calls (left(group_name, 64), created_at, id) WHERE group_name <> '';

            CREATE TABLE logs.calls_other PARTITION OF logs.calls DEFAULT;

            CREATE TABLE logs.bodies (
                log_id                     bigint      NOT NULL,
                created_at                 timestamptz NOT NULL,
                is_request_body_truncated  boolean     NOT NULL,
                is_response_body_truncated boolean     NOT NULL,
                request_body               text,
                response_body              text,
                PRIMARY KEY (log_id, created_at)
            ) PARTITION BY RANGE (created_at);

            COMMENT ON COLUMN logs.bodies.created_at IS 'the same as in the row of logs.calls, which finds the partition';

            CREATE TABLE logs.bodies_other PARTITION OF logs.bodies DEFAULT;

            CREATE INDEX bodies_other_time ON logs.bodies_other (created_at);

            CREATE TABLE logs.positions (
                instance          text        PRIMARY KEY,
                sequence          bigint      NOT NULL,
                previous_sequence bigint      NOT NULL,
                updated_at        timestamptz NOT NULL
            );

            COMMENT ON TABLE logs.positions IS 'the newest batch of each gateway run whose rows are committed';

            CREATE INDEX positions_updated ON logs.positions (updated_at);
            """)
}
