import Migrations

extension Migration {
    /// What the gateways report of their upstream calls, for two minutes, and bans.
    static let v0006ChannelHealth = Migration(
        number: 6, name: "channel_health",
        sql: """
            -- UNLOGGED: nothing here outlives minutes, and after a crash of PostgreSQL the gateways report anew. Each gateway
            -- has rows of its own, so that reports never wait for each other's rows.

            -- The newest report of each run of a gateway: one that comes twice is counted once.
            CREATE UNLOGGED TABLE registry.health_reporters (
                instance text PRIMARY KEY,
                sequence bigint NOT NULL,
                seen_at timestamptz NOT NULL DEFAULT now()
            );

            -- Finished attempts by slices of ten seconds since 1970.
            CREATE UNLOGGED TABLE registry.health_slices (
                slice bigint NOT NULL,
                instance text NOT NULL,
                channel bigint NOT NULL,
                model text NOT NULL,
                requests bigint NOT NULL,
                errors bigint NOT NULL,
                PRIMARY KEY (slice, instance, channel, model)
            );

            -- All attempts by seconds since 1970.
            CREATE UNLOGGED TABLE registry.health_traffic (
                second bigint NOT NULL,
                instance text NOT NULL,
                channel bigint NOT NULL,
                model text NOT NULL,
                calls bigint NOT NULL,
                tokens bigint NOT NULL,
                PRIMARY KEY (second, instance, channel, model)
            );

            -- The calls of tenants by seconds since 1970.
            CREATE UNLOGGED TABLE registry.health_callers (
                second bigint NOT NULL,
                instance text NOT NULL,
                group_id text NOT NULL,
                token_name text NOT NULL,
                model text NOT NULL,
                calls bigint NOT NULL,
                tokens bigint NOT NULL,
                PRIMARY KEY (second, instance, group_id, token_name, model)
            );

            -- A ban stays after its end: single calls may try then, until one succeeds.
            CREATE UNLOGGED TABLE registry.health_bans (
                channel bigint NOT NULL,
                model text NOT NULL,
                reason text NOT NULL,
                ends_at timestamptz NOT NULL,
                PRIMARY KEY (channel, model)
            );

            -- Commands to forget statistics and bans; NULL means all. Numbers rise in the order of commits, also over a crash.
            CREATE UNLOGGED TABLE registry.health_clears (
                id bigint PRIMARY KEY,
                channel bigint,
                model text,
                made_at timestamptz NOT NULL DEFAULT now()
            );
            """)
}
