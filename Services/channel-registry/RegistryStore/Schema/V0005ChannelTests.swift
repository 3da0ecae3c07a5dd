import Migrations

extension Migration {
    /// The newest test of each channel and model.
    static let v0005ChannelTests = Migration(
        number: 5, name: "channel_tests",
        sql: """
            -- Not configuration: takes no revision and is not sent to gateways.
            CREATE TABLE registry.channel_tests (
                channel_id bigint NOT NULL REFERENCES registry.channels (id) ON DELETE CASCADE,
                model text NOT NULL,
                actual_model text NOT NULL,
                tested_at timestamptz NOT NULL,
                -- A number of RelayMode.
                mode integer NOT NULL,
                is_success boolean NOT NULL,
                -- The status that a caller would have got.
                code integer NOT NULL,
                response text NOT NULL,
                took_microseconds bigint NOT NULL,
                -- As they were at the time of the test.
                channel_name text NOT NULL,
                channel_type integer NOT NULL,
                PRIMARY KEY (channel_id, model)
            );
            """)
}
