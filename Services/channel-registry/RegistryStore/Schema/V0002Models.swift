import Migrations

extension Migration {
    /// Model configs and options.
    static let v0002Models = Migration(
        number: 2, name: "models",
        sql: """
            CREATE TABLE registry.model_configs (
                model text PRIMARY KEY CHECK (char_length(model) BETWEEN 1 AND 128),
                owner text NOT NULL DEFAULT '',
                -- A number of RelayMode; 0 when the administrator did not say.
                type integer NOT NULL DEFAULT 0,
                -- json, not jsonb: numbers come back as they were written.
                config json,
                plugin json,
                price json NOT NULL DEFAULT '{}',
                rpm bigint NOT NULL DEFAULT 0,
                tpm bigint NOT NULL DEFAULT 0,
                retry_times integer NOT NULL DEFAULT 0,
                -- Seconds; 0 for the gateway's own.
                request_timeout integer NOT NULL DEFAULT 0,
                stream_request_timeout integer NOT NULL DEFAULT 0,
                exclude_from_tests boolean NOT NULL DEFAULT false,
                force_save_detail boolean NOT NULL DEFAULT false,
                summary_service_tier boolean NOT NULL DEFAULT false,
                summary_claude_long_context boolean NOT NULL DEFAULT false,
                disable_resolution_fuzzy_match boolean NOT NULL DEFAULT false,
                max_image_generation_count integer NOT NULL DEFAULT 0,
                max_video_generation_seconds integer NOT NULL DEFAULT 0,
                max_video_generation_count integer NOT NULL DEFAULT 0,
                allowed_resolutions text[] NOT NULL DEFAULT '{}',
                -- Bytes; 0 for the option's, below 0 for none.
                request_body_storage_max_size bigint NOT NULL DEFAULT 0,
                response_body_storage_max_size bigint NOT NULL DEFAULT 0,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                revision bigint NOT NULL
            );
            CREATE INDEX model_configs_revision ON registry.model_configs (revision);

            -- Only what was set; what is not has the default of the program.
            CREATE TABLE registry.options (
                key text PRIMARY KEY,
                value text NOT NULL,
                revision bigint NOT NULL
            );

            ALTER TABLE registry.tombstones DROP CONSTRAINT tombstones_kind_check;
            ALTER TABLE registry.tombstones ADD CONSTRAINT tombstones_kind_check
                CHECK (kind IN ('token', 'group', 'model_config'));
            """)
}
