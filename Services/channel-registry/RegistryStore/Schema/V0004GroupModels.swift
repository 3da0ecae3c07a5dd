import Migrations

extension Migration {
    /// What groups have of their own for a model.
    static let v0004GroupModels = Migration(
        number: 4, name: "group_models",
        sql: """
            -- A switch and its values each; a value counts only while its switch is true. A change stamps the group's row
            -- with its revision: to the gateways, these rows are a part of their group.
            CREATE TABLE registry.group_model_configs (
                group_id text NOT NULL REFERENCES registry.groups (id) ON DELETE CASCADE,
                model text NOT NULL CHECK (char_length(model) BETWEEN 1 AND 128),
                override_limit boolean NOT NULL DEFAULT false,
                rpm bigint NOT NULL DEFAULT 0,
                tpm bigint NOT NULL DEFAULT 0,
                override_price boolean NOT NULL DEFAULT false,
                -- json, not jsonb: numbers come back as they were written.
                price json NOT NULL DEFAULT '{}',
                override_retry_times boolean NOT NULL DEFAULT false,
                retry_times bigint NOT NULL DEFAULT 0,
                override_timeout_config boolean NOT NULL DEFAULT false,
                -- Seconds.
                timeout_config json NOT NULL DEFAULT '{}',
                override_force_save_detail boolean NOT NULL DEFAULT false,
                force_save_detail boolean NOT NULL DEFAULT false,
                override_max_image_generation_count boolean NOT NULL DEFAULT false,
                max_image_generation_count bigint NOT NULL DEFAULT 0,
                override_max_video_generation_seconds boolean NOT NULL DEFAULT false,
                max_video_generation_seconds bigint NOT NULL DEFAULT 0,
                override_max_video_generation_count boolean NOT NULL DEFAULT false,
                max_video_generation_count bigint NOT NULL DEFAULT 0,
                -- Bytes; 0 for the option's, below 0 for none.
                override_request_body_storage_max_size boolean NOT NULL DEFAULT false,
                request_body_storage_max_size bigint NOT NULL DEFAULT 0,
                override_response_body_storage_max_size boolean NOT NULL DEFAULT false,
                response_body_storage_max_size bigint NOT NULL DEFAULT 0,
                override_summary_service_tier boolean NOT NULL DEFAULT false,
                summary_service_tier boolean NOT NULL DEFAULT false,
                override_summary_claude_long_context boolean NOT NULL DEFAULT false,
                summary_claude_long_context boolean NOT NULL DEFAULT false,
                PRIMARY KEY (group_id, model)
            );
            """)
}
